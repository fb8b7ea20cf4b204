# SPDX-License-Identifier: Apache-2.0
"""Throw-away certificates, signed by themselves. They are made here and not with the openssl command, which asks
the machine's openssl.cnf what to put into them."""
import datetime
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

DAY = datetime.timedelta(days=1)


def make_certificate(certificate, key, hosts=("localhost",), subject=None, names=None, days=2, since=1):
    """Writes both files, valid from `since` days ago for `days` from now. `subject` is a list of (attribute, value),
    `names` the alternative names; without them they are those of `hosts`."""
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(getattr(NameOID, attribute), value)
                         for attribute, value in subject or [("COMMON_NAME", hosts[0])]])
    names = [x509.DNSName(host) for host in hosts] if names is None else names
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(secret.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - since * DAY).not_valid_after(now + days * DAY))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(secret, hashes.SHA256())
    pem = serialization.Encoding.PEM
    pathlib.Path(certificate).write_bytes(made.public_bytes(pem))
    pathlib.Path(key).touch(0o600)
    os.chmod(key, 0o600)
    pathlib.Path(key).write_bytes(secret.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
    return certificate


def xmpp_address(text):
    """An alternative name of type id-on-xmppAddr (RFC 6120 13.7.1.4)."""
    encoded = text.encode()
    return x509.OtherName(ObjectIdentifier("1.3.6.1.5.5.7.8.5"), bytes([0x0c, len(encoded)]) + encoded)
