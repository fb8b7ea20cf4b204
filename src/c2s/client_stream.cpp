// SPDX-License-Identifier: Apache-2.0
#include "c2s/client_stream.hpp"

#include "base/prefetch.hpp"
#include "base/random.hpp"
#include "c2s/c2s.hpp"
#include "c2s/negotiation.hpp"
#include "c2s/resource_binding.hpp"
#include "router/server.hpp"
#include "stream/stream_header.hpp"
#include "xmpp/ns.hpp"

namespace stonechat {
namespace {

/// Keepalive interval for inactive clients (XEP-0352), which should not be woken more often.
constexpr std::chrono::minutes unattended_keepalive { 10 };

using EndOfStream = ClientSession::EndOfStream;

/// Returns whether a client may resume (XEP-0198) after this stream error: only if the error is not the
/// client's fault and no other stream has taken over.
EndOfStream parting_with(StreamError::Condition condition)
{
    const bool may_return = condition == StreamError::connection_timeout
        || condition == StreamError::system_shutdown || condition == StreamError::resource_constraint;
    return may_return ? EndOfStream::lost : EndOfStream::for_good;
}

} // namespace

ClientStream::ClientStream(C2s& service, Shard& shard, std::unique_ptr<Transport> transport, ListenerTls tls,
    std::shared_ptr<const C2sSettings> settings)
    : service_(service), settings_(std::move(settings)),
      xml_(shard, std::move(transport), service.framing(), settings_->stream, settings_->before_login, *this),
      state_(std::make_unique<Negotiation>(*this, tls, settings_))
{}

ClientStream::~ClientStream() = default;

Router& ClientStream::router() const
{
    return service_.server().router_of(shard());
}

void ClientStream::start()
{
    xml_.set_deadline(settings_->auth_timeout);
    xml_.start();
}

Server& ClientStream::server() const
{
    return service_.server();
}

std::string ClientStream::describe_transport() const
{
    const TlsSession* tls = xml_.tls();
    return tls ? tls->version() + " " + tls->cipher() : "tcp";
}

void ClientStream::prepare_owner(unsigned step)
{
    if (step == 1) {
        prefetch_lines(this, sizeof(ClientStream));
        prefetch_lines(session_.get(), sizeof(ClientSession));
    } else if (session_) {
        session_->prepare();
    }
}

// Opening ---------------------------------------------------------------------------------------

void ClientStream::on_open(const StreamParser::Opened& opened)
{
    const auto header = read_header(opened, ns::client);
    if (!header) {
        end(header.error());
        return;
    }
    const auto accepted = accept_header(*header);
    if (!accepted) {
        end(accepted.error());
        return;
    }
    lang_ = header->lang;
    const std::string id = random_id();
    xml_.send_header({ name(), header->from.text(), id });
    xml_.send_features(state_->features());
}

Result<Done, StreamError> ClientStream::accept_header(const StreamHeader& header)
{
    Host* host = router().host(header.to);
    if (host == nullptr) {
        return StreamError(StreamError::host_unknown);
    }
    const TlsSession* tls = xml_.tls();
    const std::string sni = tls ? tls->server_name() : std::string();
    if (sni != header.to && router().host(sni) != nullptr) {
        return StreamError(StreamError::host_unknown, "The TLS session was made for another host");
    }
    return state_->open(header, *host);
}

/// The host that the client has named, or the first one.
std::string_view ClientStream::name() const
{
    return host_ ? host_->name() : router().hosts().front()->name();
}

// Elements --------------------------------------------------------------------------------------

void ClientStream::on_element(Element element)
{
    if (is_over_) {
        return;
    }
    if (state_) {
        state_->receive(std::move(element));
    } else {
        receive_bound(std::move(element));
    }
}

void ClientStream::receive_bound(Element element)
{
    if (element.is("compress", ns::compression)) {
        refuse_compression();
        return;
    }
    if (element.ns() == ns::streams || element.ns() == ns::sasl || element.ns() == ns::tls) {
        end(StreamError(StreamError::policy_violation)); // a second header, a login inside a login
        return;
    }
    if (element.ns() != ns::stream_management) { // not rate-limited: cheap, and acknowledgements are welcome
        xml_.count_element();
    }
    if (is_stanza(element) && !lang_.empty() && element.lang().empty()) {
        element.set_lang(lang_); // RFC 6120 §8.1.5
    }
    session_->receive(std::move(element));
}

void ClientStream::on_end()
{
    if (session_) {
        session_->on_clean_end();
    }
    finish(EndOfStream::for_good);
}

void ClientStream::refuse_compression()
{
    Element failure("failure", ns::compression);
    failure.add("unsupported-method");
    xml_.send(failure);
}

// From one state to the next --------------------------------------------------------------------

void ClientStream::become(std::unique_ptr<StreamState> next)
{
    shard().post([former = std::move(state_)] {});
    state_ = std::move(next);
}

void ClientStream::logged_in(Login login)
{
    ++router().counters().logins;
    const auto bare = Jid::from_parts(login.user, host_->name());
    Shard& home = server().router(server().shard_of(bare->text())).shard();
    become(std::make_unique<ResourceBinding>(*this, std::move(login)));
    xml_.restart();
    if (&home != &shard()) {
        xml_.pause();
        shard().post([held = shared_from_this(), &home] { held->move_home(home); });
    }
}

void ClientStream::give_session(std::shared_ptr<ClientSession> session)
{
    session_ = std::move(session);
    become(nullptr);
    xml_.set_parser_limits(settings_->after_login); // not earlier: unbound streams have no limit in number
    xml_.watch_for_quiet();
}

void ClientStream::lose_session(const StreamError& error)
{
    const auto held = shared_from_this();
    session_.reset();
    end(error);
}

/// Moves the stream to the home shard of its user, with all that waits to be read and sent.
void ClientStream::move_home(Shard& home)
{
    if (is_over_) {
        return;
    }
    xml_.detach();
    auto self = service_.release(shard(), *this);
    home.post([self, &home] { self->continue_at(home); });
}

void ClientStream::continue_at(Shard& home)
{
    xml_.attach(home);
    const bool shutting_down = service_.adopt(home, shared_from_this());
    host_ = router().host(host_->name());
    if (shutting_down) {
        end(StreamError(StreamError::system_shutdown));
        return;
    }
    xml_.resume();
}

const std::shared_ptr<ResumableSessions>& ClientStream::resumable_sessions() const
{
    return service_.resumable_sessions(shard());
}

// Time ------------------------------------------------------------------------------------------

void ClientStream::on_deadline()
{
    end(StreamError(StreamError::connection_timeout));
}

std::chrono::milliseconds ClientStream::least_keepalive() const
{
    return session_ && session_->is_inactive() ? unattended_keepalive : std::chrono::milliseconds(0);
}

// Output ----------------------------------------------------------------------------------------

void ClientStream::on_output_waiting()
{
    if (session_) {
        session_->check_account_limit();
    }
}

void ClientStream::on_writable()
{
    if (session_) {
        session_->on_writable();
    }
}

void ClientStream::on_overfull()
{
    tell_of_reader("client reads too slowly");
    end(StreamError(StreamError::resource_constraint, "More waits for you than can be kept"));
}

void ClientStream::tell_of_reader(std::string_view what) const
{
    const StreamLimits& limits = settings_->stream;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits.stall_timeout);
    service_.server().log().info(what,
        { { "jid", session_ ? session_->jid().text() : std::string(state_ ? state_->user() : "") },
            { "peer", peer().address.to_string() },
            { "stall_timeout", std::to_string(seconds.count()) + " s" },
            { "unsent_bytes", std::to_string(limits.unsent_bytes) } });
}

// The end ---------------------------------------------------------------------------------------

void ClientStream::end(const StreamError& error)
{
    if (std::exchange(is_over_, true)) {
        return;
    }
    xml_.end(error, { name(), {}, random_id() });
    server().log().debug("stream ended",
        { { "why", to_text(error.condition()) }, { "peer", peer().address.to_string() } });
    leave(parting_with(error.condition()));
}

void ClientStream::on_exception(const std::exception& bug)
{
    service_.server().log().error("stream failed", { { "what", bug.what() } });
    end(StreamError(StreamError::internal_server_error));
}

void ClientStream::finish(EndOfStream how)
{
    if (std::exchange(is_over_, true)) {
        return;
    }
    xml_.finish();
    leave(how);
}

void ClientStream::on_closed(Transport::Closing why)
{
    if (why == Transport::Closing::stalled) {
        tell_of_reader("client does not read");
    } else if (why == Transport::Closing::overfull) {
        tell_of_reader("client reads too slowly");
    }
    if (!std::exchange(is_over_, true)) {
        leave(EndOfStream::lost);
    }
    service_.remove(shard(), *this);
}

void ClientStream::leave(EndOfStream how)
{
    if (state_) {
        state_->on_over();
    }
    if (session_) {
        auto session = std::move(session_);
        session->on_stream_gone(how);
    }
}

} // namespace stonechat
