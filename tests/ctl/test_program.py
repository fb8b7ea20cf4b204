# SPDX-License-Identifier: Apache-2.0
"""The program itself: init, check, reload, start and stop, and what it says when it cannot."""
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest
from cryptography import x509
from support.certificates import make_certificate
from support.raw import RawClient
from support.server import BUILD, ROOT, free_ports


def stonechat(*arguments, timeout=20):
    return subprocess.run([BUILD / "stonechat", *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout)


@pytest.fixture
def folder(tmp_path):
    """A new server's folder, not started."""
    done = stonechat("init", tmp_path / "s", "--host", "localhost", "--port-base", free_ports(3), "--plain")
    assert done.returncode == 0, done.stderr
    return tmp_path / "s"


def test_conf_stonechat_toml_is_what_the_schema_says():
    assert stonechat("defaults").stdout == (ROOT / "conf/stonechat.toml").read_text()


def test_conf_stonechat_toml_is_a_good_configuration():
    """Whether its folders and ports would do on this machine is another question."""
    found = json.loads(stonechat("check", "--config", ROOT / "conf/stonechat.toml", "--json").stdout)
    assert found["problems"] == [] and found["settings"]


def test_docs_xeps_md_is_what_the_modules_say():
    assert stonechat("xeps").stdout == (ROOT / "docs/xeps.md").read_text()


def test_init_makes_files_for_the_owner_only(folder):
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert {"localhost.crt", "localhost.key", "secret", "stonechat.db"} <= set(os.listdir(folder / "data"))


def test_init_listens_where_it_is_told_to(tmp_path):
    done = stonechat("init", tmp_path / "s", "--host", "localhost", "--address", "127.0.0.1", "--plain")
    assert done.returncode == 0, done.stderr
    found = json.loads(stonechat("check", "--config", tmp_path / "s/stonechat.toml", "--json").stdout)["settings"]
    assert [each["value"] for each in found if each["path"].endswith(".address")] == ['"127.0.0.1"'] * 3
    refused = stonechat("init", tmp_path / "t", "--host", "localhost", "--address", "here")
    assert refused.returncode == 1 and "IP address" in refused.stderr and not (tmp_path / "t").exists()


def test_init_replaces_nothing(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = stonechat("init", folder, "--host", "localhost")
    assert done.returncode == 1 and "is there already" in done.stderr
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("host", ["", "a@b", "a/b", "-", "a b"])
def test_init_refuses_a_host_that_is_no_domain(tmp_path, host):
    assert stonechat("init", tmp_path / "s", "--host", host).returncode == 1
    assert not (tmp_path / "s").exists()


def test_check_tells_all_problems_with_their_lines(folder):
    config = folder / "stonechat.toml"
    config.write_text("[c2s]\nstanza_byte = 1\n[login]\niterations = 1\n" + config.read_text())
    done = stonechat("check", "--config", config)
    assert done.returncode == 78
    assert ":2:1: unknown key 'stanza_byte' in [c2s]; did you mean 'stanza_bytes'?" in done.stderr
    assert ":4:14: 'iterations' in [login] is 1; it must be between 10000" in done.stderr
    problems = json.loads(stonechat("check", "--config", config, "--json").stdout)["problems"]
    assert [each["line"] for each in problems] == [2, 4]
    assert stonechat("--config", config).returncode == 78


def test_check_tells_what_is_hot_and_what_is_cold(private_server):
    server = private_server()
    server.configure({"rate_bytes": 4096, "blocking_queue": 77})
    done = stonechat("check", "--config", server.config)
    assert 'hot   c2s.rate_bytes: "1 GiB" -> "4 KiB"' in done.stdout
    assert "cold  server.blocking_queue: 1024 -> 77" in done.stdout
    heats = {each["path"]: each["heat"]
             for each in json.loads(stonechat("check", "--config", server.config, "--json").stdout)["differences"]}
    assert heats == {"c2s.rate_bytes": "hot", "server.blocking_queue": "cold"}


def look(folder, code):
    """What `check` finds around a good configuration; people and programs hear the same."""
    done = stonechat("check", "--config", folder / "stonechat.toml", "--json")
    assert done.returncode == code, done
    found = json.loads(done.stdout)
    read = stonechat("check", "--config", folder / "stonechat.toml")
    assert read.returncode == code
    for text in found["obstacles"]:
        assert f"It would not start: {text}\n" in read.stderr
    for text in found["warnings"]:
        assert f"Warning: {text}\n" in read.stderr
    return found


def test_check_finds_nothing_in_the_way_of_a_new_server(folder):
    before = sorted(folder.rglob("*"))
    found = look(folder, 0)
    assert found["obstacles"] == [] and found["warnings"] == []
    assert sorted(folder.rglob("*")) == before


def test_check_makes_nothing(folder):
    shutil.rmtree(folder / "data")
    assert look(folder, 0)["obstacles"] == []
    assert os.listdir(folder) == ["stonechat.toml"]


def test_check_of_a_running_server_does_not_take_its_ports_for_those_of_others(private_server):
    server = private_server()
    assert look(server.folder, 0)["obstacles"] == []


def missing_certificate(folder):
    (folder / "data/localhost.crt").unlink()
    return "data/localhost.crt: No such file or directory"


def broken_certificate(folder):
    (folder / "data/localhost.crt").write_text("nonsense")
    return "data/localhost.crt: contains no certificate"


def foreign_key(folder):
    make_certificate(folder / "data/other.crt", folder / "data/localhost.key")
    return "data/localhost.key: is not the key of the first certificate in"


def open_key(folder):
    (folder / "data/localhost.key").chmod(0o644)
    return "data/localhost.key: the private key can be read by others"


def open_secret(folder):
    (folder / "data/secret").chmod(0o644)
    return "data/secret can be read by others"


def no_folder_for_the_log(folder):
    config = folder / "stonechat.toml"
    config.write_text('[log]\ntarget = "file"\nfile = "stonechat.toml/log"\n' + config.read_text())
    return "stonechat.toml/log: Not a directory"


def long_data_dir(folder):
    config = folder / "stonechat.toml"
    config.write_text(config.read_text().replace('data_dir = "data"', f'data_dir = "{"d" * 120}"'))
    return "the control socket's path is too long"


def file_instead_of_a_folder(folder):
    shutil.rmtree(folder / "data")
    (folder / "data").write_text("")
    return "data"


@pytest.mark.parametrize("spoil", [missing_certificate, broken_certificate, foreign_key, open_key, open_secret,
                                   no_folder_for_the_log, long_data_dir, file_instead_of_a_folder],
                         ids=lambda each: each.__name__)
def test_check_finds_what_keeps_the_server_from_starting(folder, spoil):
    said = spoil(folder)
    assert any(said in each for each in look(folder, 1)["obstacles"]), look(folder, 1)
    assert stonechat("--config", folder / "stonechat.toml").returncode == 1, "it does not start, indeed"


def test_check_finds_a_port_that_somebody_else_has(folder):
    config = folder / "stonechat.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(config.read_text() + f'[[listen]]\naddress = "127.0.0.1"\nport = {port}\n')
        (said,) = look(folder, 1)["obstacles"]
    assert f"127.0.0.1 port {port}: Address already in use" in said
    look(folder, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look with somebody else's eyes")
def test_check_looks_with_the_eyes_of_the_servers_user(folder):
    config = folder / "stonechat.toml"
    config.write_text(config.read_text().replace("[server]", '[server]\nuser = "nobody"', 1))
    assert any("data: Permission denied" in each for each in look(folder, 1)["obstacles"])


# RFC 6120 §13.7.1.1-1
def test_the_certificate_that_init_makes_has_a_subject_and_may_sign_no_other(private_server):
    server = private_server(hosts=("localhost", "other.example"))
    for host in server.hosts:
        with RawClient(server, sni=host) as client:
            certificate = x509.load_der_x509_certificate(client.socket.getpeercert(True))
        extensions = {each.oid: each.value for each in certificate.extensions}
        constraints = extensions.get(x509.BasicConstraints.oid)
        assert constraints is None or not constraints.ca
        usage = extensions.get(x509.KeyUsage.oid)
        assert usage is None or not usage.key_cert_sign
        assert any(each.value for each in certificate.subject)


# -- certificates that clients refuse ---------------------------------------------------------------------

def expired(certificate, key):
    make_certificate(certificate, key, days=-3.5, since=30)
    return "expired on", "3 days ago", "certificate expired"


def soon(certificate, key):
    make_certificate(certificate, key, days=12.5)
    return "expires in 12 days", "stonechatctl reload", "certificate expires soon"


def elsewhere(certificate, key):
    make_certificate(certificate, key, hosts=("example.org", "example.com"), days=60)
    return "is for example.org, example.com, not for localhost", "clients", "certificate lacks a name"


def common_name_only(certificate, key):
    make_certificate(certificate, key, names=[], days=60)
    return "names no host, not for localhost", "clients", "certificate lacks a name"


def too_early(certificate, key):
    make_certificate(certificate, key, days=60, since=-2)
    return "is not valid before", "clock", "certificate not valid yet"


FLAWS = [expired, soon, elsewhere, common_name_only, too_early]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda each: each.__name__)
def test_a_certificate_that_clients_refuse_is_told_of(private_server, flaw):
    """By `check`, by a reload, in the log, in `status`, and at the next start."""
    server = private_server(admins=[], contact=[])
    good = [server.certificate.read_bytes(), server.certificate.with_suffix(".key").read_bytes()]
    assert server.ctl_json("status")["warnings"] == []
    *said, event = flaw(server.certificate, server.certificate.with_suffix(".key"))
    (warning,) = look(server.folder, 0)["warnings"]
    assert all(each in warning for each in ["localhost", str(server.certificate), *said]), warning
    assert server.ctl_json("reload")["warnings"] == [warning]
    assert server.ctl_json("status")["warnings"] == [warning]
    assert f"warning: {warning}\n" in server.ctl("status").stdout
    assert f"warning: {warning}\n" in server.ctl("reload").stdout
    assert server.log().count(event) == 2, "once for each reload"
    server.restart()
    server.ctl("status")
    assert server.log().count(event) == 3, "and at the start"
    for path, content in zip([server.certificate, server.certificate.with_suffix(".key")], good):
        path.write_bytes(content)
    assert server.ctl_json("reload")["warnings"] == [] and server.ctl_json("status")["warnings"] == []


def test_a_certificate_that_is_good_for_long_and_for_many_is_not_told_of(private_server):
    server = private_server(hosts=("chat.example.org",))
    make_certificate(server.certificate, server.certificate.with_suffix(".key"), hosts=("*.example.org",), days=31)
    assert look(server.folder, 0)["warnings"] == []
    assert server.ctl_json("reload")["warnings"] == []
    assert "certificate" not in server.log()


def test_a_host_with_a_name_beyond_ascii_has_a_certificate_for_it(tmp_path):
    done = stonechat("init", tmp_path / "s", "--host", "bücher.example", "--port-base", free_ports(3))
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in",
                            tmp_path / "s/data/bücher.example.crt"], capture_output=True, text=True, check=True)
    assert "DNS:xn--bcher-kva.example" in shown.stdout
    assert look(tmp_path / "s", 0)["warnings"] == []


def test_a_reload_applies_the_hot_and_keeps_the_cold(private_server):
    server = private_server()
    server.configure({"rate_bytes": 4096, "blocking_queue": 77})
    changes = {each["path"]: each["heat"] for each in server.ctl_json("reload")["changes"]}
    assert changes == {"c2s.rate_bytes": "hot", "server.blocking_queue": "cold"}
    again = {each["path"]: each["heat"] for each in server.ctl_json("reload")["changes"]}
    assert again == {"server.blocking_queue": "cold"}


def test_a_reload_with_a_problem_changes_nothing(private_server):
    server = private_server()
    good = server.config.read_text()
    server.configure({"rate_bytes": 4096, "iterations": 1})
    refused = server.ctl("reload", check=False)
    assert refused.returncode == 1 and "iterations" in refused.stderr
    server.config.write_text(good)
    assert server.ctl_json("reload")["changes"] == []


def test_a_reload_with_a_broken_certificate_changes_nothing(private_server):
    server = private_server()
    certificate = server.certificate.read_text()
    server.certificate.write_text("nonsense")
    server.configure({"rate_bytes": 4096})
    refused = server.ctl("reload", check=False)
    assert refused.returncode == 1 and server.certificate.name in refused.stderr
    assert "reload refused" in server.log() and "setting changed" not in server.log()
    server.certificate.write_text(certificate)
    assert [each["path"] for each in server.ctl_json("reload")["changes"]] == ["c2s.rate_bytes"]


def test_sighup_reloads(private_server):
    server = private_server()
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while "reloaded" not in server.log():
        assert time.monotonic() < deadline and server.is_running()
        time.sleep(0.01)  # polling the log


def test_sigterm_tells_every_stream_and_ends_in_time(private_server):
    server = private_server()
    clients = [socket.create_connection(("127.0.0.1", server.plain_port)) for _ in range(3)]
    for client in clients:
        client.settimeout(10)
        client.sendall(b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
                       b" xmlns:stream='http://etherx.jabber.org/streams'>")
        assert b"stream" in client.recv(65536)
    assert server.stop() == 0
    for client in clients:
        received = b""
        while piece := client.recv(65536):
            received += piece
        assert b"<system-shutdown" in received and received.endswith(b"</stream:stream>")
    assert not (server.folder / "data/stonechat.sock").exists()


def test_a_server_without_a_certificate_makes_one_and_says_so(private_server):
    server = private_server()
    server.stop()
    for name in ("localhost.crt", "localhost.key"):
        (server.folder / "data" / name).unlink()
    server.start()
    assert "self-signed certificate made" in server.log()
    assert stat.S_IMODE((server.folder / "data/localhost.key").stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused(folder):
    (folder / "data/localhost.key").chmod(0o640)
    done = stonechat("--config", folder / "stonechat.toml")
    assert done.returncode == 1 and "localhost.key" in done.stderr and "chmod 600" in done.stderr


def test_a_secret_that_others_can_read_is_refused(folder):
    (folder / "data/secret").chmod(0o644)
    done = stonechat("--config", folder / "stonechat.toml")
    assert done.returncode == 1 and "data/secret" in done.stderr


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_database_that_others_can_read_is_refused(folder, suffix):
    database = folder / f"data/stonechat.db{suffix}"
    database.touch()
    database.chmod(0o640)
    done = stonechat("--config", folder / "stonechat.toml")
    assert done.returncode == 1 and f"`chmod 600 {database}`" in done.stderr
    assert any(f"chmod 600 {database}" in each for each in look(folder, 1)["obstacles"])


def test_a_data_folder_that_others_can_write_to_is_refused(folder):
    data = folder / "data"
    data.chmod(0o770)
    done = stonechat("--config", folder / "stonechat.toml")
    assert done.returncode == 1 and f"`chmod 700 {data}`" in done.stderr


def test_a_data_folder_that_others_can_look_into_is_warned_about(private_server):
    server = private_server()
    data = server.folder / "data"
    assert "data open to others" not in server.log()
    server.stop()
    data.chmod(0o755)
    assert any(f"chmod 700 {data}" in each for each in look(server.folder, 0)["warnings"])
    server.start()
    server.ctl("status")
    assert f"chmod 700 {data}" in server.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as root")
def test_running_as_root_is_warned_about(private_server):
    server = private_server()
    server.ctl("status")
    assert "running as root" in server.log() and "[server]" in server.log()


def test_a_damaged_database_is_refused_by_name(folder):
    (folder / "data/stonechat.db").write_bytes(b"this is not a database" * 1000)
    done = stonechat("--config", folder / "stonechat.toml")
    assert done.returncode == 1 and "stonechat.db" in done.stderr


def test_a_port_in_use_is_named(folder):
    config = folder / "stonechat.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(config.read_text() + f'[[listen]]\naddress = "127.0.0.1"\nport = {port}\n')
        done = stonechat("--config", config)
    assert done.returncode == 1 and str(port) in done.stderr and "in use" in done.stderr


def test_a_folder_is_served_once(private_server):
    server = private_server()
    done = stonechat("--config", server.config)
    assert done.returncode == 1 and str(server.folder) in done.stderr
    assert server.ctl_json("status")["pid"] == server.process.pid


def test_after_kill_9_the_old_socket_is_replaced(private_server):
    server = private_server()
    server.kill()
    assert (server.folder / "data/stonechat.sock").exists()
    server.start()
    assert server.ctl_json("status")["pid"] == server.process.pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_started_by_root_it_runs_as_its_user(private_server):
    server = private_server()
    server.stop()
    text = server.config.read_text()
    server.config.write_text(text.replace("[server]", '[server]\nuser = "nobody"', 1))
    server.folder.chmod(0o755)
    for path in (server.folder / "data", *(server.folder / "data").rglob("*")):
        shutil.chown(path, "nobody")
    server.config.chmod(0o644)
    before = server.log()
    server.start()
    server.ctl("status")  # answered once the start is complete; the ports are open before that
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert len(set(uids)) == 1 and uids[0] != "0"
    assert "running as root" not in server.log()[len(before):]
    assert server.ctl_json("reload")["changes"] == []
