// SPDX-License-Identifier: Apache-2.0
// Stream management (XEP-0198): the part of ClientSession that handles <enable/>, <r/> and <a/>, and resumes
// the session on another stream.
#include "base/random.hpp"
#include "c2s/client_session.hpp"
#include "c2s/client_stream.hpp"
#include "c2s/session_snapshot.hpp"
#include "router/host.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>
#include <charconv>

namespace stonechat {
namespace {

constexpr std::size_t token_bytes = 16;

/// xs:boolean
bool is_true(std::string_view text)
{
    return text == "true" || text == "1";
}

/// Returns the requested time to resume, at most `allowed`; 0 if the client does not want to resume.
std::chrono::seconds agreed_window(const Element& enable, std::chrono::seconds allowed)
{
    if (!is_true(enable.attribute_or("resume"))) {
        return std::chrono::seconds(0);
    }
    const std::string_view max = enable.attribute_or("max");
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(max.data(), max.data() + max.size(), seconds);
    const bool is_number = !max.empty() && error == std::errc() && end == max.data() + max.size();
    return is_number ? std::min(allowed, std::chrono::seconds(seconds)) : allowed;
}

} // namespace

ClientSession::ClientSession(Shard& shard, Host& host, Jid full_jid, const C2sSettings& settings,
    std::shared_ptr<ResumableSessions> kept, const StreamRecord& record, std::uint64_t client_has)
    : Session(std::move(full_jid)), stream_(nullptr), shard_(shard), host_(host), since_(host.clock().wall()),
      account_unsent_bytes_(settings.account_unsent_bytes),
      ledger_(
          shard_, [this] { on_settled(); }, [this](Ledger::Failure how) { on_failed(how); }),
      state_(State::waiting)
{
    StreamManagementSession::Record mine { std::move(kept), record.row, record.token, record.window };
    managed_ = std::make_unique<StreamManagementSession>(*this, StreamManagementSession::Limits(settings),
        std::move(mine), record.handled, client_has);
}

Element management_failure(StanzaError::Condition condition, std::optional<std::uint32_t> handled)
{
    Element failed("failed", ns::stream_management);
    if (handled) {
        failed.set_attribute("h", std::to_string(*handled));
    }
    failed.add(to_text(condition), ns::stanza_errors);
    return failed;
}

void ClientSession::manage(const Element& element)
{
    const bool asks = element.name() == "r";
    const bool acknowledges = element.name() == "a";
    if (managed_ && asks) {
        managed_->on_request();
    } else if (managed_ && acknowledges) {
        managed_->on_ack(element);
    } else if (element.name() == "enable" && !managed_ && !enabling_) {
        enable(element);
    } else if (asks || acknowledges || element.name() == "enable" || element.name() == "resume") {
        say(management_failure(StanzaError::unexpected_request));
    } else {
        close(StreamError(StreamError::unsupported_stanza_type));
    }
}

void ClientSession::say(const Element& answer)
{
    stream_->xml().send_text(to_xml(answer, ns::client));
}

void ClientSession::enable(const Element& enable)
{
    const std::chrono::seconds window = agreed_window(enable, stream_->settings().resume_window);
    if (window.count() > 0) {
        enable_resumable(window);
        return;
    }
    say(Element("enabled", ns::stream_management));
    managed_ = std::make_unique<StreamManagementSession>(*this,
        StreamManagementSession::Limits(stream_->settings()), std::nullopt);
}

/// Stores the session's record. The client gets <enabled/> when the record is committed; until then the
/// stream is paused.
void ClientSession::enable_resumable(std::chrono::seconds window)
{
    StreamRecord record;
    record.token = random_id(token_bytes);
    record.owner = user().key();
    record.resource = jid().resource();
    record.window = window;
    record.touched = host_.clock().wall();
    record.state = write_kept_state(*this, host_.handlers());
    enabling_ = true;
    stream_->xml().pause();
    auto held = std::static_pointer_cast<ClientSession>(shared_from_this());
    stream_->resumable_sessions()->store.create(record).then(
        [held, record](const Result<std::uint64_t, StoreError>& row) { held->on_record(record, row); });
}

void ClientSession::on_record(const StreamRecord& record, const Result<std::uint64_t, StoreError>& row)
{
    enabling_ = false;
    if (stream_ == nullptr) {
        if (row) {
            host_.storage().streams().end(record.owner, *row, {}).then([](const auto&) {});
        }
        return;
    }
    if (!row) {
        say(management_failure(StanzaError::internal_server_error));
    } else {
        Element enabled("enabled", ns::stream_management);
        enabled.set_attribute("id", record.token)
            .set_attribute("resume", "true")
            .set_attribute("max", std::to_string(record.window.count()));
        say(enabled);
        StreamManagementSession::Record mine { stream_->resumable_sessions(), *row, record.token,
            record.window };
        managed_ = std::make_unique<StreamManagementSession>(*this,
            StreamManagementSession::Limits(stream_->settings()), std::move(mine));
    }
    stream_->xml().resume();
}

bool ClientSession::resume_on(ClientStream& stream, std::uint32_t h)
{
    if (!managed_->accept_resumption(h)) {
        return false;
    }
    const auto held = shared_from_this();
    if (ClientStream* old = std::exchange(stream_, nullptr)) {
        waiting_.reset(); // not counted yet, so the client sends it again
        old->lose_session(StreamError(StreamError::conflict, "Resumed by a new connection"));
    }
    stream_ = &stream;
    state_ = State::connected;
    set_inactive(false);
    managed_->on_resumed();
    let_out();
    return true;
}

} // namespace stonechat
