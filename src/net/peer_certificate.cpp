// SPDX-License-Identifier: Apache-2.0
#include "net/peer_certificate.hpp"

namespace stonechat {

std::string_view to_text(CertificateProblem problem)
{
    switch (problem) {
    case CertificateProblem::unknown_issuer: return "unknown issuer";
    case CertificateProblem::not_valid_now: return "expired or not valid yet";
    case CertificateProblem::wrong_name: return "for another name";
    case CertificateProblem::unfit: return "unfit for a server";
    }
    return {};
}

} // namespace stonechat
