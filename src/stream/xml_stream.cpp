// SPDX-License-Identifier: Apache-2.0
#include "stream/xml_stream.hpp"

#include "base/prefetch.hpp"

#include <cassert>
#include <exception>

namespace stonechat {
namespace {

/// A stream that is quiet for this long frees its parser's memory: 11 kB, against 5 microseconds for a new
/// parser. The time is short because many logins at once would hold all that memory.
constexpr std::chrono::seconds quiet_after { 1 };
/// Time for the remaining output and for the peer to close, once a stream is over.
constexpr unsigned linger_seconds = 4;

} // namespace

XmlStream::XmlStream(Shard& shard, std::unique_ptr<Transport> transport, const Framing& framing,
    const StreamLimits& limits, const ParserLimits& parser_limits, Owner& owner)
    : owner_(owner), shard_(&shard), transport_(std::move(transport)), framing_(framing), limits_(limits),
      parser_(parser_limits, *this),
      timer_([](void* self) { static_cast<XmlStream*>(self)->on_timer(); }, this),
      rest_timer_([](void* self) { static_cast<XmlStream*>(self)->on_rested(); }, this),
      byte_rate_(limits.rate_bytes, limits.rate_burst_bytes, shard.clock().steady()),
      element_rate_(limits.rate_stanzas, limits.rate_burst_stanzas, shard.clock().steady())
{
    // Twice the limit for the transport itself: it also has to take the rest of the output and the stream
    // error.
    transport_->set_unsent_limit(2 * limits.unsent_bytes);
    transport_->set_stall_timeout(limits.stall_timeout);
    if (!framing.has_root()) {
        parser_.restart_without_root();
    }
}

XmlStream::~XmlStream() = default;

// Input -----------------------------------------------------------------------------------------

void XmlStream::on_bytes(std::string_view bytes)
{
    const auto held = owner_.keep_alive();
    if (is_over()) {
        return;
    }
    heard_ = true;
    if (quiet_) {
        watch_for_quiet();
    }
    rest(byte_rate_.take(static_cast<double>(bytes.size()), shard_->clock().steady()));
    feed(bytes);
}

void XmlStream::on_message_end()
{
    const auto held = owner_.keep_alive();
    if (!is_over() && pauses_ == 0 && !parser_.at_boundary()) {
        owner_.on_violation(StreamError(StreamError::not_well_formed, "A message must hold whole elements."));
    }
}

void XmlStream::prepare(unsigned step)
{
    if (step == 1) {
        prefetch_lines(this, sizeof(XmlStream));
        parser_.prepare();
    }
    owner_.prepare_owner(step);
}

void XmlStream::feed(std::string_view bytes)
{
    try {
        const auto fed = parser_.feed(bytes, &shard_->parsers());
        if (!fed && !is_over()) {
            owner_.on_violation(fed.error());
        }
    } catch (const std::exception& failure) {
        // An exception is a bug of ours: only this stream ends.
        owner_.on_exception(failure);
    }
}

void XmlStream::on_stream_open(StreamParser::Opened opened)
{
    owner_.on_open(opened);
}

void XmlStream::on_element(Element element)
{
    if (state_ == State::open) {
        framing_.read(std::move(element), *this);
    }
}

void XmlStream::on_stream_close()
{
    if (framing_.has_root()) {
        owner_.on_end();
    } else {
        owner_.on_violation(StreamError(StreamError::not_well_formed));
    }
}

void XmlStream::on_open(StreamParser::Opened opened)
{
    owner_.on_open(opened);
}

void XmlStream::read_element(Element element)
{
    owner_.on_element(std::move(element));
}

void XmlStream::on_end()
{
    owner_.on_end();
}

void XmlStream::count_element()
{
    rest(element_rate_.take(1, shard_->clock().steady()));
}

void XmlStream::rest(std::chrono::milliseconds wait)
{
    if (wait.count() > 0 && !resting_) {
        resting_ = true;
        pause();
        rest_timer_.start(shard_->timers(), wait);
    }
}

void XmlStream::on_rested()
{
    resting_ = false;
    resume();
}

void XmlStream::pause()
{
    if (pauses_++ == 0) {
        parser_.pause();
        transport_->pause_reading();
    }
}

void XmlStream::resume()
{
    if (--pauses_ > 0 || is_over()) {
        return;
    }
    // Parse in a new turn: the caller may be inside the handling of one of our elements.
    shard_->post([this, held = owner_.keep_alive(), shard = shard_] {
        if (shard_ == shard && pauses_ == 0 && !is_over() && parser_.is_paused()) {
            go_on_reading();
        }
    });
}

void XmlStream::go_on_reading()
{
    parser_.resume();
    feed({});
    if (pauses_ == 0 && !is_over()) {
        transport_->resume_reading();
    }
}

void XmlStream::restart()
{
    header_sent_ = false;
    if (framing_.has_root()) {
        parser_.restart();
    } else {
        parser_.restart_without_root();
    }
}

// TLS -------------------------------------------------------------------------------------------

void XmlStream::start_tls(TlsContexts& contexts, std::string_view host)
{
    assert(can_start_tls());
    state_ = State::starting_tls;
    restart();
    transport_->tls_upgrade()->start_tls(contexts, host);
}

void XmlStream::on_tls_established()
{
    if (state_ == State::starting_tls) {
        state_ = State::open;
    }
}

// Time ------------------------------------------------------------------------------------------

void XmlStream::set_deadline(std::chrono::milliseconds time)
{
    has_deadline_ = true;
    deadline_ = shard_->clock().steady() + time;
    timer_.start(shard_->timers(), time);
}

void XmlStream::watch_for_quiet()
{
    has_deadline_ = false;
    heard_ = false;
    quiet_ = false;
    timer_.start(shard_->timers(), quiet_after);
}

void XmlStream::on_timer()
{
    if (has_deadline_) {
        owner_.on_deadline();
    } else {
        on_quiet();
    }
}

void XmlStream::on_quiet()
{
    if (heard_) {
        watch_for_quiet();
        return;
    }
    if (quiet_ && !framing_.keepalive().empty()) {
        // RFC 6120 §4.6.1: a whitespace keepalive keeps middleboxes from dropping the connection, and lets us
        // notice when the peer is gone.
        transport_->write(framing_.keepalive());
    }
    quiet_ = true;
    parser_.release_memory();
    if (limits_.keepalive_interval.count() > 0) {
        timer_.start(shard_->timers(), std::max(owner_.least_keepalive(), limits_.keepalive_interval));
    }
}

// The end ---------------------------------------------------------------------------------------

void XmlStream::end(const StreamError& error, const OutgoingHeader& header)
{
    if (is_over()) {
        return;
    }
    if (state_ == State::starting_tls) {
        state_ = State::over;
        transport_->abort(); // there is no stream on which to send an error
        return;
    }
    if (!header_sent_) {
        send_header(header);
    }
    write_all_waiting();
    framing_.append_error(transport_->write_buffer(), error);
    transport_->wrote();
    finish();
}

void XmlStream::finish()
{
    if (is_over()) {
        return;
    }
    if (header_sent_) {
        write_all_waiting();
        framing_.append_end(transport_->write_buffer());
        transport_->wrote();
    }
    state_ = State::over;
    parser_.pause();
    timer_.stop();
    rest_timer_.stop();
    transport_->finish(linger_seconds);
}

void XmlStream::on_closed(Transport::Closing why)
{
    const auto held = owner_.keep_alive();
    state_ = State::over;
    outbox_.reset();
    timer_.stop();
    rest_timer_.stop();
    owner_.on_closed(why);
}

// Another shard ---------------------------------------------------------------------------------

void XmlStream::detach()
{
    assert(pauses_ > 0); // so the parser is between two elements and holds nothing of this shard
    timer_.stop();
    rest_timer_.stop();
    transport_->detach();
}

void XmlStream::attach(Shard& shard)
{
    shard_ = &shard;
    transport_->attach(shard, *this);
    if (!is_over()) {
        transport_->pause_reading();
    }
    if (has_deadline_) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_
            - shard.clock().steady());
        timer_.start(shard.timers(), std::max(left, std::chrono::milliseconds(1)));
    }
    if (std::exchange(resting_, false)) {
        --pauses_;
    }
}

} // namespace stonechat
