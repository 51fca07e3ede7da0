"""leaks.py - looking for what must not be there: in files, in what a program prints, in a process's memory, in its core.

Owns how a secret may be written down (as it is, as JSON, as base64 at any offset) and fast looking through much. Must not know what is
secret, nor whose. Invariant: a search that could not look fails; it never says that nothing is there.
"""
import base64
import json
import os
import resource
import subprocess
import tempfile
import threading

from nacl import bindings as na


def forms_of(words):
    """Every form of each word, to the word."""
    forms = {}
    for word in words:
        raw = word.encode()
        forms[raw] = word
        forms[json.dumps(word)[1:-1].encode()] = word
        if len(raw) < 12:
            continue
        for shift in range(3):
            inner = base64.b64encode(b"\0" * shift + raw)[(shift * 4 + 2) // 3 + 1:-5]
            forms[inner] = word
            forms[inner.replace(b"+", b"-").replace(b"/", b"_")] = word
    return forms


def found_in(chunks, words):
    """Which of the words are in these bytes (an iterable of pieces; a word that is cut in two by them is not seen)."""
    forms = forms_of(words)
    for form in [form for form in forms if b"\n" in form]:  # a line of it is enough
        word = forms.pop(form)
        forms.update({line: word for line in form.split(b"\n") if len(line) >= 8})
    if not forms:
        return set()
    with tempfile.NamedTemporaryFile(prefix="council-forms-") as patterns:
        patterns.write(b"\n".join(forms))
        patterns.flush()
        grep = subprocess.Popen(["grep", "-aoF", "-f", patterns.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"LC_ALL": "C"})
        lines = []
        try:
            reader = _collect(grep.stdout, lines)
            for chunk in chunks:
                grep.stdin.write(chunk)
                grep.stdin.write(b"\n")
        finally:
            grep.stdin.close()
            reader.join()
            if grep.wait() > 1:
                raise RuntimeError("grep failed")
    return {forms[line] for line in set(b"".join(lines).split(b"\n")) if line in forms}


def _collect(stream, into):
    thread = threading.Thread(target=lambda: into.append(stream.read()))
    thread.start()
    return thread


def file_chunks(path):
    with open(path, "rb") as file:
        yield file.read()


def memory_chunks(pid):
    """What a process may write to: what a core of it would hold, were nothing left out."""
    seen = 0
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            where, access = line.split()[:2]
            start, end = (int(x, 16) for x in where.split("-"))
            if not access.startswith("rw") or end - start > 1 << 28 or "[v" in line:
                continue
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue
            seen += len(content)
            yield content
    if seen < 100000:
        raise RuntimeError("the memory of %d could not be read" % pid)


CORE_MAX = 1 << 30


def core_of(pid, folder):
    """A core file of a running process, as its system would write one. None: there is no gcore, or it would be terabytes, as a sanitizer's is."""
    with open("/proc/%d/statm" % pid) as file:
        if int(file.read().split()[0]) * 4096 > 64 * CORE_MAX:
            return None
    prefix = os.path.join(folder, "core")
    try:
        done = subprocess.run(["gcore", "-o", prefix, str(pid)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (CORE_MAX, CORE_MAX)))
    except FileNotFoundError:
        return None
    path = "%s.%d" % (prefix, pid)
    if not os.path.exists(path) or not 100000 < os.path.getsize(path) < CORE_MAX:
        raise RuntimeError("gcore: " + (done.stdout + done.stderr).decode(errors="replace")[-500:])
    return path


def secret_keys_in(content, public):
    """How often the secret of this Ed25519 key is in these bytes: its seed right before it, as libsodium keeps both, or the seed as text."""
    count, at = 0, content.find(public)
    while at >= 0:
        seed = content[at - 32:at]
        count += len(seed) == 32 and na.crypto_sign_seed_keypair(seed)[0] == public
        at = content.find(public, at + 1)
    return count
