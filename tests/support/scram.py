# SPDX-License-Identifier: Apache-2.0
"""The client's half of SCRAM (RFC 5802, RFC 7677), every field open to falsification."""
import base64
import functools
import hashlib
import hmac
import secrets

_salted = functools.lru_cache(maxsize=4096)(hashlib.pbkdf2_hmac)


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


class Scram:
    """One exchange. Tests overwrite `nonce`, `gs2`, `binding` or `proof` to lie about them."""

    def __init__(self, mechanism, user, password, gs2="n,,", binding=b""):
        self.mechanism = mechanism
        self.hash = "sha1" if "SHA-1" in mechanism else "sha256"
        self.user = user
        self.password = password
        self.gs2 = gs2
        self.binding = binding
        self.nonce = secrets.token_urlsafe(18)
        self.server_signature = None

    def first_bare(self):
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}"

    def first(self):
        return self.gs2 + self.first_bare()

    def final(self, challenge, nonce=None, proof=None, extension=""):
        """client-final-message for the server's challenge; remembers what the server has to sign."""
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        salted = _salted(self.hash, self.password.encode(), unb64(fields["s"]), int(fields["i"]))
        client_key = self._hmac(salted, b"Client Key")
        without_proof = f"c={b64(self.gs2.encode() + self.binding)},r={nonce or fields['r']}{extension}"
        signed = f"{self.first_bare()},{challenge},{without_proof}".encode()
        stored_key = hashlib.new(self.hash, client_key).digest()
        if proof is None:
            proof = b64(xor(client_key, self._hmac(stored_key, signed)))
        self.server_signature = b64(self._hmac(self._hmac(salted, b"Server Key"), signed))
        return f"{without_proof},p={proof}"

    def is_signed_by_server(self, final):
        return final.split(",")[0] == f"v={self.server_signature}"

    def _hmac(self, key, data):
        return hmac.new(key, data, self.hash).digest()
