// SPDX-License-Identifier: Apache-2.0
#include "c2s/stream_management_session.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "c2s/c2s_settings.hpp"
#include "c2s/client_session.hpp"
#include "c2s/client_stream.hpp"
#include "c2s/session_snapshot.hpp"
#include "router/host.hpp"
#include "router/router.hpp"
#include "xmpp/ns.hpp"
#include "xmpp/serialize.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// A burst (the presences of a large roster) may exceed the limits. For a client that reads, the limits are
/// multiplied by these factors. A client counts as reading until our <r/> is unanswered for answer_grace.
constexpr std::size_t burst = 4;
constexpr std::size_t burst_of_bytes = 2;
/// Number of large answers that raise the limits before the client acknowledges anything (it may join several
/// large rooms at once).
constexpr std::size_t burst_of_answers = 4;
constexpr std::chrono::seconds answer_grace { 10 };
/// Delay of an <a/> that the client has not requested, so that one <a/> acknowledges several stanzas.
constexpr std::chrono::milliseconds untold_time { 500 };

std::string request()
{
    return "<r xmlns='" + std::string(ns::stream_management) + "'/>";
}

std::string answer(std::uint32_t h)
{
    return "<a xmlns='" + std::string(ns::stream_management) + "' h='" + std::to_string(h) + "'/>";
}

} // namespace

StreamManagementSession::Limits::Limits(const C2sSettings& settings)
    : stanzas(settings.unacknowledged_stanzas), bytes(settings.stream.unsent_bytes),
      ack_timeout(settings.ack_timeout)
{}

StreamManagementSession::StreamManagementSession(ClientSession& session, const Limits& limits,
    std::optional<Record> record)
    : session_(session), limits_(limits), record_(std::move(record)), before_(session.received_stanzas()),
      timer_([](void* self) { static_cast<StreamManagementSession*>(self)->on_timer(); }, this),
      ack_timer_([](void* self) { static_cast<StreamManagementSession*>(self)->send_ack(); }, this)
{
    noted_.presence = session.presence();
    noted_.interested = session.is_interested();
    confirmed_until_ = session.host().clock().wall();
}

StreamManagementSession::StreamManagementSession(ClientSession& session, const Limits& limits, Record record,
    std::uint64_t handled, std::uint64_t client_has)
    : session_(session), limits_(limits), record_(std::move(record)), management_(handled, client_has),
      before_(0), carried_(handled),
      timer_([](void* self) { static_cast<StreamManagementSession*>(self)->on_timer(); }, this),
      ack_timer_([](void* self) { static_cast<StreamManagementSession*>(self)->send_ack(); }, this)
{
    noted_.handled = handled;
}

StreamManagementSession::~StreamManagementSession()
{
    if (at_turn_end_) {
        session_.shard().forget(*this);
    }
}

std::uint64_t StreamManagementSession::received() const
{
    return carried_ + session_.received_stanzas() - before_;
}

std::uint64_t StreamManagementSession::settled() const
{
    const std::uint64_t prefix = session_.settled_stanzas();
    return carried_ + (prefix > before_ ? prefix - before_ : 0);
}

// Towards the client ------------------------------------------------------------------------------

void StreamManagementSession::send(std::string xml, DeliveryStatusPtr message)
{
    keep_bound();
    const std::size_t bytes = xml.size();
    management_.push(std::move(xml), std::move(message));
    note_pushed(1, bytes);
    transmit();
    session_.check_account_limit();
}

void StreamManagementSession::send(const WireForms& stanzas, std::string_view to)
{
    keep_bound();
    const std::size_t before = management_.bytes();
    for (const auto& stanza : stanzas) {
        std::string xml;
        stanza->append_to(xml, to);
        management_.push(std::move(xml));
    }
    note_pushed(stanzas.size(), management_.bytes() - before);
    transmit();
    session_.check_account_limit();
}

UnackedEntry StreamManagementSession::reserve(CopyForm form)
{
    keep_bound();
    return { record_->row, management_.hold(), form };
}

void StreamManagementSession::commit(const UnackedEntry& entry, const Stanza& stanza,
    DeliveryStatusPtr message)
{
    management_.fill(entry.sequence, ClientSession::to_wire(stanza), std::move(message));
    transmit();
    session_.check_account_limit();
}

void StreamManagementSession::cancel(const UnackedEntry& entry)
{
    Stanza ping = Stanza::iq(session_.host().jid(), session_.jid(), IqType::get, random_id());
    ping.element().add("ping", ns::ping);
    commit(entry, ping, nullptr);
}

void StreamManagementSession::transmit()
{
    ClientStream* stream = session_.stream();
    if (stream == nullptr) {
        return;
    }
    call_at_turn_end(); // registered before the transport's, so that our <r/> leaves with the stanza
    management_.transmit([stream] { return stream->xml().takes_more(); },
        [stream](const std::string& xml) { stream->xml().send_text(xml); });
    if (management_.untransmitted_bytes() > 0 && !stream->xml().takes_more()) {
        stream->xml().pause_while_congested(management_.untransmitted_bytes());
    }
}

/// Call before queueing. A full session is closed in the next turn, so that commits already under way for it
/// reach the database first.
void StreamManagementSession::keep_bound()
{
    if (!ending_ && is_full()) {
        give_up();
    }
}

void StreamManagementSession::give_up()
{
    if (std::exchange(ending_, true)) {
        return;
    }
    const bool was_connected = session_.stream() != nullptr;
    session_.shard().post([held = session_.shared_from_this(), this, was_connected] {
        ending_ = false;
        if (!was_connected && session_.stream() == nullptr) {
            session_.end();
        } else if (was_connected) {
            session_.close(StreamError(StreamError::resource_constraint, "Too much is not acknowledged"));
        }
    });
}

bool StreamManagementSession::is_within(std::size_t stanzas, std::size_t bytes) const
{
    return management_.unacknowledged() < stanzas && management_.bytes() < bytes;
}

bool StreamManagementSession::is_full()
{
    if (is_within(limits_.stanzas, limits_.bytes)) {
        return false;
    }
    const bool reads = is_reading();
    const LargeAnswer more = excused(reads);
    if (is_within(limits_.stanzas + more.stanzas, limits_.bytes + more.bytes)) {
        return false;
    }
    return !reads
        || !is_within(burst * limits_.stanzas + more.stanzas, burst_of_bytes * limits_.bytes + more.bytes);
}

StreamManagementSession::LargeAnswer StreamManagementSession::excused(bool reads) const
{
    LargeAnswer more {};
    for (const LargeAnswer& each : large_answers_) {
        more.stanzas = reads ? more.stanzas + each.stanzas : std::max(more.stanzas, each.stanzas);
        more.bytes = reads ? more.bytes + each.bytes : std::max(more.bytes, each.bytes);
    }
    return more;
}

/// Returns false if there is no connection or the answer to our <r/> is late. Output may still be on its way
/// to the client, so the time for the answer starts when we first see that everything has reached it.
bool StreamManagementSession::is_reading()
{
    if (session_.stream() == nullptr) {
        return false;
    }
    if (!management_.is_asking() || session_.stream()->xml().progress().pending > 0) {
        had_all_at_.reset();
        return true;
    }
    const SteadyTime now = session_.host().clock().steady();
    had_all_at_ = had_all_at_.value_or(now);
    return now - *had_all_at_ < answer_grace;
}

/// Call after `stanzas` stanzas with `bytes` bytes were queued. They count as a large answer in two cases:
/// they alone exceed a limit, or the queue was within the limits before them and exceeds a limit with them.
void StreamManagementSession::note_pushed(std::size_t stanzas, std::size_t bytes)
{
    const bool is_large = stanzas > limits_.stanzas || bytes > limits_.bytes;
    const bool had_room = management_.unacknowledged() - stanzas < limits_.stanzas
        && management_.bytes() - bytes < limits_.bytes;
    const bool has_room = management_.unacknowledged() <= limits_.stanzas
        && management_.bytes() <= limits_.bytes;
    if (!is_large && (!had_room || has_room)) {
        return;
    }
    if (answers_at_once_ < burst_of_answers) {
        ++answers_at_once_;
        large_answers_.push_back({ management_.last(), stanzas, bytes });
    }
}

/// The client has acknowledged something.
void StreamManagementSession::note_reading()
{
    answers_at_once_ = 0;
    std::erase_if(large_answers_,
        [this](const LargeAnswer& each) { return each.end <= management_.acknowledged(); });
}

std::size_t StreamManagementSession::room() const
{
    const std::size_t taken = management_.unacknowledged();
    return taken < limits_.stanzas ? limits_.stanzas - taken : 0;
}

void StreamManagementSession::call_at_turn_end()
{
    if (!std::exchange(at_turn_end_, true)) {
        session_.shard().at_turn_end(*this);
    }
}

void StreamManagementSession::on_turn_end()
{
    at_turn_end_ = false;
    ClientStream* stream = session_.stream();
    if (stream == nullptr) {
        return;
    }
    if (management_.has_to_tell()) {
        send_ack();
    }
    if (management_.has_to_ask()) {
        management_.ask();
        had_all_at_.reset();
        taken_.reset();
        timer_.start(session_.shard().timers(), limits_.ack_timeout / 2);
        stream->xml().send_text(request());
    }
}

void StreamManagementSession::after_acknowledged(Function<void()> f)
{
    if (management_.unacknowledged() == 0) {
        session_.shard().post(std::move(f));
        return;
    }
    after_acknowledged_.emplace_back(management_.last(), std::move(f));
}

// From the client ---------------------------------------------------------------------------------

void StreamManagementSession::on_request()
{
    session_.stream()->xml().send_text(answer(management_.take_h()));
    management_.asked(received());
}

void StreamManagementSession::on_ack(const Element& ack)
{
    const auto h = read_handled_count(ack);
    const std::uint64_t before = management_.acknowledged();
    if (!h || management_.acknowledge(*h) == StreamManagement::Ack::too_high) {
        refuse_count(ack);
        return;
    }
    if (management_.acknowledged() > before) {
        note_reading();
    }
    if (management_.untransmitted_bytes() > 0) {
        transmit(); // the window has room again
    }
    note_confirmed();
    if (!management_.is_asking()) {
        timer_.stop();
    }
    if (management_.has_to_ask()) {
        call_at_turn_end();
    }
    run_acknowledged();
}

/// There is one mark at a time. When it is acknowledged, the next one is set at the end of the queue.
void StreamManagementSession::note_confirmed()
{
    if (management_.acknowledged() < mark_.number) {
        return;
    }
    confirmed_until_ = mark_.time;
    mark_ = { management_.last(), session_.host().clock().wall() };
    if (management_.unacknowledged() == 0) {
        confirmed_until_ = mark_.time;
    }
}

void StreamManagementSession::refuse_count(const Element& ack)
{
    session_.close(handled_count_too_high(ack, static_cast<std::uint32_t>(management_.sent())));
}

void StreamManagementSession::note_acknowledged()
{
    const std::vector<std::uint64_t> tracks = management_.take_tracks();
    if (tracks.empty()) {
        return;
    }
    const std::string what = "acknowledged by " + std::string(session_.jid().resource());
    const WallTime now = session_.host().clock().wall();
    for (const std::uint64_t track : tracks) {
        session_.host().router().tracks().note(track, now, what);
    }
}

void StreamManagementSession::run_acknowledged()
{
    note_acknowledged();
    if (management_.has_released()) {
        mark(StreamStateWriter::Urgency::soon);
    }
    const auto held = session_.shared_from_this();
    std::vector<Function<void()>> due;
    std::erase_if(after_acknowledged_, [&](auto& each) {
        if (each.first > management_.acknowledged()) {
            return false;
        }
        due.push_back(std::move(each.second));
        return true;
    });
    for (auto& f : due) {
        f();
    }
}

void StreamManagementSession::on_timer()
{
    const auto held = session_.shared_from_this();
    if (session_.stream() != nullptr) {
        look_for_answer();
    } else {
        session_.end();
    }
}

/// Called after each half of ack_timeout. A client that reads slowly may not have reached our <r/> yet, so it
/// gets more time as long as it takes bytes.
void StreamManagementSession::look_for_answer()
{
    const Transport::Progress now = session_.stream()->xml().progress();
    if (taken_ && (now.pending == 0 || now.taken == *taken_)) {
        session_.close(StreamError(StreamError::connection_timeout, "No acknowledgement"));
        return;
    }
    taken_ = now.taken;
    timer_.start(session_.shard().timers(), limits_.ack_timeout / 2);
}

// Acknowledging the client's stanzas --------------------------------------------------------------

void StreamManagementSession::on_settled()
{
    if (is_resumable()) {
        if (settled() > noted_.handled) {
            mark(StreamStateWriter::Urgency::now);
        }
        return;
    }
    management_.set_durable(settled());
    tell_in_time();
}

/// Sends an <a/> if there is news: at the end of this turn if the client waits for it, else after
/// untold_time.
void StreamManagementSession::tell_in_time()
{
    if (management_.has_to_tell()) {
        call_at_turn_end();
    } else if (management_.has_news() && !ack_timer_.is_running()) {
        ack_timer_.start(session_.shard().timers(), untold_time);
    }
}

void StreamManagementSession::send_ack()
{
    if (session_.stream() != nullptr && management_.has_news()) {
        session_.stream()->xml().send_text(answer(management_.take_h()));
    }
}

void StreamManagementSession::on_state_changed()
{
    state_changed_ = true;
    mark(StreamStateWriter::Urgency::soon);
}

void StreamManagementSession::touch()
{
    touch_ = true;
    mark(StreamStateWriter::Urgency::soon);
}

void StreamManagementSession::mark(StreamStateWriter::Urgency urgency)
{
    if (record_ && session_.is_open()) {
        record_->kept->writer->mark({ session_.shared_from_this(), this }, urgency);
    }
}

bool StreamManagementSession::state_differs() const
{
    return state_changed_ || noted_.presence != session_.presence()
        || noted_.interested != session_.is_interested();
}

std::optional<StreamNote> StreamManagementSession::take_note()
{
    if (!session_.is_open()) {
        return std::nullopt; // its record is gone
    }
    StreamNote note;
    note.row = record_->row;
    const std::uint64_t handled = settled();
    if (handled > management_.durable()) {
        note.handled = static_cast<std::uint32_t>(handled);
    }
    noted_.released = management_.has_released() || std::exchange(release_failed_, false);
    if (noted_.released) {
        note.acknowledged = management_.acknowledged();
        management_.clear_released();
    }
    if (state_differs()) {
        note.state = write_kept_state(session_, session_.host().handlers());
    }
    if (!note.handled && !note.acknowledged && !note.state && !touch_) {
        return std::nullopt;
    }
    if (touch_) { // only when needed: the store orders records by this time
        note.touched = session_.host().clock().wall();
    }
    noted_.handled = handled;
    noted_.presence = session_.presence();
    noted_.interested = session_.is_interested();
    state_changed_ = false;
    touch_ = false;
    return note;
}

void StreamManagementSession::on_noted(bool committed)
{
    if (!committed) {
        noted_.handled = management_.durable();
        release_failed_ = noted_.released;
        state_changed_ = true;
        touch_ = true;
        return;
    }
    management_.set_durable(noted_.handled);
    tell_in_time();
    tell_settled();
}

void StreamManagementSession::when_settled(Function<void()> f)
{
    when_settled_.push_back(std::move(f));
    tell_settled();
}

void StreamManagementSession::tell_settled()
{
    if (!is_settled() && session_.is_open()) {
        return;
    }
    for (auto& f : std::exchange(when_settled_, {})) {
        session_.shard().post(std::move(f));
    }
}

// Connections come and go -------------------------------------------------------------------------

void StreamManagementSession::on_disconnected()
{
    timer_.start(session_.shard().timers(), record_->window);
    touch_ = true;
    mark(StreamStateWriter::Urgency::now);
}

bool StreamManagementSession::accept_resumption(std::uint32_t h)
{
    const bool fine = management_.resume(h) == StreamManagement::Ack::fine;
    note_reading();
    return fine;
}

void StreamManagementSession::on_resumed()
{
    timer_.stop();
    Element resumed("resumed", ns::stream_management);
    resumed.set_attribute("previd", record_->token).set_attribute("h", std::to_string(management_.take_h()));
    session_.stream()->xml().send_text(to_xml(resumed));
    transmit();
    session_.check_account_limit(); // many messages may have come from the store
    run_acknowledged();
}

void StreamManagementSession::on_over()
{
    timer_.stop();
    ack_timer_.stop();
    after_acknowledged_.clear();
    if (record_) {
        const AccountKey owner = session_.user().key();
        record_->kept->ended.remember(owner, record_->token,
            static_cast<std::uint32_t>(management_.durable()));
        // Stores the last acknowledgement first, so that acknowledged messages do not go into the mailbox.
        StreamNote last;
        last.row = record_->row;
        last.acknowledged = management_.acknowledged();
        record_->kept->store.note({ last }).then([](const auto&) {});
        record_->kept->store.end(owner, record_->row, management_.acknowledged_elsewhere())
            .then([&log = session_.host().log(), owner,
                      user = session_.user().weak_from_this()](const Result<Done, StoreError>& done) {
                const auto loaded = user.lock();
                if (!done) { // StreamSweep finds the record when its time is over
                    log.warning("session record not ended", { { "user", owner.user } });
                } else if (loaded) {
                    loaded->host().mailbox_grown(*loaded);
                }
            });
    }
    tell_settled();
}

} // namespace stonechat
