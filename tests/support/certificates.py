# SPDX-License-Identifier: Apache-2.0
"""Throw-away certificates, signed by themselves."""
import subprocess


def make_certificate(certificate, key, *options, hosts=("localhost",)):
    """Writes both files; `options` replace the subject and its alternative names."""
    names = ",".join(f"DNS:{host}" for host in hosts)
    options = options or ("-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-keyout", key, "-out", certificate, *options],
                   check=True, capture_output=True)
    return certificate
