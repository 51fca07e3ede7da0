#!/usr/bin/python3
"""Writing in $EDITOR on a terminal: what is taken, that nothing that was written there is lost, and that no file of it is left."""
import os
import pty

from harness import FAILED, OK, USAGE, World, case, check, equal, has, lacks, main

world = World()
W = {}


@case("a council of two is founded")
def beginning():
    W["ada"], W["ben"] = world.council("ada", "ben", title="Those who take their time")
    W["folder"] = os.path.join(world.folder, "runtime")
    os.mkdir(W["folder"])


def edit(member, script, code, *command):
    """A command with a terminal and an editor that is this shell script; "$1" is the file. What it leaves in its folder for such files is nothing."""
    path = os.path.join(world.folder, "editor.sh")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    master, slave = pty.openpty()
    process = member.start(*command, stdin=slave, env={"EDITOR": "sh " + path, "XDG_RUNTIME_DIR": W["folder"]})
    os.close(slave)
    said = member.finish(process, code)
    os.close(master)
    equal(os.listdir(W["folder"]), [], "files that are left of " + " ".join(command))
    return said


@case("a note is written; an unchanged or failed edit writes nothing; without a terminal there is no editor")
def note():
    ada, post = W["ada"], ("note", "post")
    where = os.path.join(world.folder, "where")
    edit(ada, "echo \"$1\" > %s; ls -l \"$1\" >> %s; printf '%%s' '%s' > \"$1\"" % (where, where, world.plant("Written in an editor of sorts")), OK, *post)
    check("Written in an editor of sorts" in W["ben"].texts(), "the edited note")
    with open(where, encoding="utf-8") as file:
        has(file.readline(), W["folder"] + "/council-", "where the file was")
        has(file.readline(), "-rw-------", "its mode")
    count = len(ada.texts())
    has(edit(ada, "exit 0", FAILED, *post).err, "Nothing was changed")
    has(edit(ada, "exit 3", FAILED, *post).err, "did not end well")
    has(ada.run(*post, code=USAGE).err, "no terminal for an editor")
    equal(len(ada.texts()), count, "notes after all that")


@case("what was written outlives a refusal: the same command opens it again")
def draft():
    ben, new = W["ben"], ("document", "new")
    seen = os.path.join(world.folder, "seen.md")

    def write(text, code):
        said = edit(ben, "cp \"$1\" %s; printf '%s' > \"$1\"" % (seen, text), code, *new)
        with open(seen, encoding="utf-8") as file:
            return said, file.read()

    said, _ = write("## What I love\\nno dash before the " + world.plant("orrery of brass"), FAILED)
    has(said.err, "line 2")
    has(said.err, "is kept")
    _, begun = write("## What I love\\n- now with a dash", OK)
    has(begun, "orrery of brass", "what the editor began with")
    _, begun = write("## What I love\\n- another one", OK)
    lacks(begun, "orrery", "what the editor began with once it was taken")


main()
