// SPDX-License-Identifier: Apache-2.0
#include "c2s/sasl_dialog.hpp"

#include "base/base64.hpp"
#include "net/tls_engine.hpp"
#include "router/accounts.hpp"
#include "router/router.hpp"
#include "router/server.hpp"
#include "xmpp/ns.hpp"

#include <algorithm>

namespace stonechat {
namespace {

/// How often a login waits because the LoginGuard says so (its turn at the account, or other logins from its
/// network being checked) before it fails.
constexpr unsigned most_rounds = 40;

/// RFC 6120 §6.4.2: `=` stands for data of length zero, an element without text for no data.
Element with_data(std::string_view name, std::string_view data, bool even_if_empty)
{
    Element element(name, ns::sasl);
    if (!data.empty()) {
        element.add_text(base64_encode(data));
    } else if (even_if_empty) {
        element.add_text("=");
    }
    return element;
}

std::optional<std::string> data_of(const Element& element)
{
    const std::string text = element.text();
    return text == "=" ? std::string() : base64_decode(text);
}

std::vector<std::string> offered(bool channel_binding, const C2sSettings& settings)
{
    auto names = mechanism_names(channel_binding, settings.plain && channel_binding);
    if (!settings.scram_sha1) {
        std::erase_if(names, [](const std::string& name) { return name.starts_with("SCRAM-SHA-1"); });
    }
    return names;
}

} // namespace

SaslDialog::SaslDialog(Stream& stream, Router& router, std::string host, Jid claimed, const TlsSession* tls,
    std::shared_ptr<const C2sSettings> settings)
    : stream_(stream), router_(router), host_(std::move(host)), claimed_(std::move(claimed)), tls_(tls),
      settings_(std::move(settings)), mechanisms_(offered(tls != nullptr, *settings_)),
      turn_([](void* self) { static_cast<SaslDialog*>(self)->ask_guard(); }, this)
{}

SaslDialog::~SaslDialog() = default;

void SaslDialog::append_features(std::vector<Element>& features) const
{
    Element mechanisms("mechanisms", ns::sasl);
    for (const std::string& name : mechanisms_) {
        mechanisms.add_text_child("mechanism", name);
    }
    features.push_back(std::move(mechanisms));
    if (tls_ == nullptr) {
        return;
    }
    Element binding("sasl-channel-binding", ns::sasl_channel_binding);
    for (const ChannelBinding& type : bindings()) {
        if (type.announced) {
            binding.add("channel-binding").set_attribute("type", type.type);
        }
    }
    features.push_back(std::move(binding));
}

std::vector<ChannelBinding> SaslDialog::bindings() const
{
    std::vector<ChannelBinding> found;
    if (tls_ == nullptr) {
        return found;
    }
    if (auto data = tls_->tls_exporter()) {
        found.push_back({ "tls-exporter", std::move(*data) });
    }
    if (auto data = tls_->tls_server_end_point()) {
        found.push_back({ "tls-server-end-point", std::move(*data) });
    }
    // COMPAT until Debian 12's slixmpp 1.8 is out of use: it binds by tls-unique whatever the TLS version
    // and would be refused as downgraded without -PLUS. In a full TLS 1.3 handshake the client's
    // Finished is as unique as in 1.2, so taking it is safe; it is not offered.
    if (auto data = tls_->tls_unique()) {
        found.push_back({ "tls-unique", std::move(*data), false });
    }
    return found;
}

bool SaslDialog::receive(const Element& element)
{
    if (element.name() == "auth") {
        begin_anew(element);
        return true;
    }
    if (element.name() == "abort") {
        fail(SaslFailure::aborted); // RFC 6120 §6.4.4
        return true;
    }
    if (element.name() != "response") {
        return false;
    }
    if (!mechanism_) {
        fail(SaslFailure::malformed_request);
        return true;
    }
    auto data = data_of(element);
    if (!data) {
        fail(SaslFailure::incorrect_encoding);
        return true;
    }
    if (mechanism_->user().empty()) {
        proceed(mechanism_->respond(*data));
    } else {
        wait_for_turn(std::move(*data)); // the second message of SCRAM, which proves the password
    }
    return true;
}

/// RFC 6120 §6.4.2: a new <auth/> discards the handshake under way, which counts as aborted.
void SaslDialog::begin_anew(const Element& auth)
{
    if (mechanism_) {
        stream_.login_failed(SaslFailure::aborted, end_handshake(SaslFailure::aborted));
    }
    if (!stream_.is_over()) {
        begin(auth);
    }
}

void SaslDialog::begin(const Element& auth)
{
    const std::string_view name = auth.attribute_or("mechanism");
    was_tried_ = true;
    try_.mechanism = name;
    if (std::find(mechanisms_.begin(), mechanisms_.end(), name) == mechanisms_.end()) {
        fail(SaslFailure::invalid_mechanism);
        return;
    }
    SaslContext context;
    context.host = host_;
    context.bindings = bindings();
    context.mechanisms = mechanisms_;
    context.fake_secret = router_.server().secret();
    context.iterations = settings_->iterations;
    mechanism_ = make_mechanism(name, std::move(context));
    if (auth.text().empty()) {
        stream_.send(Element("challenge", ns::sasl)); // no initial response: the client speaks next
        return;
    }
    const auto data = data_of(auth);
    if (!data) {
        fail(SaslFailure::incorrect_encoding);
        return;
    }
    proceed(mechanism_->respond(*data));
}

void SaslDialog::proceed(SaslMechanism::Step step)
{
    if (const auto* challenge = std::get_if<SaslMechanism::Challenge>(&step)) {
        stream_.send(with_data("challenge", challenge->data, false));
        return;
    }
    if (const auto* need = std::get_if<SaslMechanism::NeedAccount>(&step)) {
        fetch_account(need->user);
        return;
    }
    if (auto* check = std::get_if<SaslMechanism::CheckPassword>(&step)) {
        wait_for_turn(std::move(*check));
        return;
    }
    if (auto* success = std::get_if<SaslMechanism::Success>(&step)) {
        succeed(std::move(*success));
        return;
    }
    fail(std::get<SaslMechanism::Failed>(step).failure);
}

void SaslDialog::succeed(SaslMechanism::Success success)
{
    attempt_->succeeded();
    attempt_.reset();
    mechanism_.reset();
    if (!claimed_.empty() && (claimed_.local() != success.user || claimed_.domain() != host_)) {
        stream_.login_mismatched(); // RFC 6120 §6.4.6
        return;
    }
    stream_.send(with_data("success", success.data, false));
    stream_.logged_in(std::move(success.user));
}

void SaslDialog::fetch_account(const std::string& user)
{
    const AccountKey key { host_, user };
    stream_.hold();
    router_.storage().accounts().find(key).then(
        [this, held = stream_.keep_alive()](Result<std::optional<Account>, StoreError> found) {
            if (stream_.is_over()) {
                return;
            }
            if (!found) {
                fail(SaslFailure::temporary_auth_failure);
            } else {
                std::optional<std::vector<ScramVerifier>> verifiers;
                if (found->has_value() && (*found)->enabled) {
                    verifiers = std::move((*found)->verifiers);
                }
                proceed(mechanism_->supply(std::move(verifiers)));
            }
            stream_.go_on();
        });
}

// Checking the password -----------------------------------------------------------------------------

void SaslDialog::wait_for_turn(Secret secret)
{
    secret_ = std::move(secret);
    has_waited_ = false;
    rounds_ = 0;
    stream_.hold();
    ask_guard();
}

void SaslDialog::ask_guard()
{
    if (stream_.is_over()) {
        return;
    }
    const std::string account = mechanism_->user() + '@' + host_;
    auto answer = router_.server().guard().ask(account, stream_.peer().address, has_waited_);
    if (const auto* wait = std::get_if<LoginGuard::Wait>(&answer); wait && ++rounds_ <= most_rounds) {
        has_waited_ = has_waited_ || wait->for_its_turn;
        turn_.start(router_.shard().timers(), wait->time);
        return;
    }
    if (const auto* ban = std::get_if<Ban>(&answer)) {
        stream_.login_refused(*ban);
    } else if (auto* attempt = std::get_if<LoginAttempt>(&answer)) {
        attempt_.emplace(std::move(*attempt));
        look_at_secret();
    } else {
        fail(SaslFailure::temporary_auth_failure);
    }
    stream_.go_on();
}

void SaslDialog::look_at_secret()
{
    Secret secret = std::move(*secret_);
    secret_.reset();
    if (auto* check = std::get_if<SaslMechanism::CheckPassword>(&secret)) {
        check_password(std::move(*check));
    } else {
        proceed(mechanism_->respond(std::get<std::string>(secret)));
    }
}

void SaslDialog::check_password(SaslMechanism::CheckPassword check)
{
    stream_.hold();
    const auto account = Jid::from_parts(check.user, host_);
    auto held = stream_.keep_alive();
    start(
        router_.accounts().check_password(*account, std::move(check.password)),
        [this, held](Result<bool, AccountProblem> right) {
            if (stream_.is_over()) {
                return;
            }
            if (right) {
                proceed(mechanism_->decide(*right));
            } else {
                fail(SaslFailure::temporary_auth_failure);
            }
            stream_.go_on();
        },
        [this, held](const std::exception_ptr&) {
            if (!stream_.is_over()) {
                fail(SaslFailure::temporary_auth_failure);
                stream_.go_on();
            }
        });
}

void SaslDialog::fail(SaslFailure failure)
{
    const LoginTry what = end_handshake(failure);
    Element element("failure", ns::sasl);
    element.add(to_text(failure));
    stream_.send(element);
    stream_.login_failed(failure, what);
}

LoginTry SaslDialog::end_handshake(SaslFailure failure)
{
    LoginTry what = std::exchange(try_, {});
    secret_.reset();
    if (attempt_ && failure == SaslFailure::not_authorized) {
        what.consequence = attempt_->failed();
    }
    attempt_.reset();
    if (mechanism_) {
        what.user = mechanism_->user();
        mechanism_.reset();
    }
    return what;
}

} // namespace stonechat
