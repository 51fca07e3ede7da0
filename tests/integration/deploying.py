"""deploying.py - what the tests of deploy/ share: its example files with names and ports put in, free ports, a test authority.

Must not know a single proxy or unit. Invariant: only names, ports, folders and certificates of an example are substituted; a
substitution that finds nothing is a failure, so an example cannot drift away from its test.
"""
import os
import re
import socket
import subprocess

from tap import check

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def example(path, replacements, where):
    """The text of deploy/PATH with each (old, new) put in everywhere, written to `where`."""
    with open(os.path.join(TOP, "deploy", path)) as file:
        text = file.read()
    for old, new in replacements:
        check(old in text, "deploy/%s lacks %r" % (path, old))
        text = text.replace(old, new)
    with open(where, "w") as file:
        file.write(text)
    return where


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openssl(*args):
    subprocess.run(["openssl"] + list(args), check=True, capture_output=True, timeout=30)


def authority(folder, name="localhost"):
    """A test authority and a certificate of it for `name`; the paths of the authority's certificate, the chain and the key."""
    at = lambda file: os.path.join(folder, file)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", at("ca.key"), "-out", at("ca.pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name, "-keyout", at("site.key"), "-out", at("site.csr"))
    with open(at("site.ext"), "w") as file:
        file.write("subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\n" % name)
    openssl("x509", "-req", "-in", at("site.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "1", "-extfile", at("site.ext"),
            "-out", at("site.pem"))
    return at("ca.pem"), at("site.pem"), at("site.key")


def unit_values(path, key):
    """What a unit file says for a key, in order."""
    with open(os.path.join(TOP, "deploy", path)) as file:
        return re.findall(r"^%s=(.*)$" % re.escape(key), file.read(), re.M)


def settings(path):
    """An environment file's assignments."""
    with open(os.path.join(TOP, "deploy", path)) as file:
        return dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read(), re.M))
