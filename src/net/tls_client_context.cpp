// SPDX-License-Identifier: Apache-2.0
#include "net/tls_client_context.hpp"

#include "net/host_contexts.hpp"
#include "net/openssl.hpp"

#include <new>

namespace stonechat {
namespace {

class ClientContext final : public TlsClientContext {
public:
    explicit ClientContext(openssl::Context context) : context_(std::move(context)) {}

    SSL_CTX* get() const { return context_.get(); }

private:
    openssl::Context context_;
};

} // namespace

SSL_CTX* openssl_context(const TlsClientContext& context)
{
    return static_cast<const ClientContext&>(context).get();
}

Result<std::unique_ptr<TlsClientContext>, TlsError> TlsClientContext::load(const std::string& ca_file)
{
    openssl::Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) {
        throw std::bad_alloc();
    }
    set_tls_policy(context.get());
    const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                       : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
    if (loaded != 1) {
        return TlsError { (ca_file.empty() ? "the system's certificate issuers" : ca_file) + ": "
            + openssl::reason() };
    }
    ERR_clear_error();
    return std::unique_ptr<TlsClientContext>(std::make_unique<ClientContext>(std::move(context)));
}

} // namespace stonechat
