# SPDX-License-Identifier: Apache-2.0
"""A TLS socket whose keying material can be exported (RFC 9266), which Python's own ssl cannot."""
import select
import socket
import time

from OpenSSL import SSL


class ExporterSocket:
    def __init__(self, sock, sni):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        self._socket = sock
        self._timeout = 10
        self._tls = SSL.Connection(context, sock)
        self._tls.set_tlsext_host_name(sni.encode())
        self._tls.set_connect_state()
        self._patiently(self._tls.do_handshake)

    def exporter(self):
        return self._tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")

    def settimeout(self, seconds):
        self._timeout = seconds

    def sendall(self, data):
        while data:
            data = data[self._patiently(self._tls.send, data):]

    def recv(self, size):
        try:
            return self._patiently(self._tls.recv, size)
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return b""

    def close(self):
        self._socket.close()

    def _patiently(self, call, *arguments):
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return call(*arguments)
            except SSL.WantReadError:
                self._ready([self._socket], [], deadline)
            except SSL.WantWriteError:
                self._ready([], [self._socket], deadline)

    @staticmethod
    def _ready(read, write, deadline):
        if not any(select.select(read, write, [], max(0, deadline - time.monotonic()))):
            raise socket.timeout("timed out")
