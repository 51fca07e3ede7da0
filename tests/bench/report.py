#!/usr/bin/env python3
"""Medians of the measurements of tests/bench/run.sh: a line of JSON for each figure, then a table.

Reads JSON lines {"figure","system","value","unit","ack"}; a figure that was measured several times
stands there several times, in the order of the rounds, so that things measured in the same round can
be compared with each other.
"""
import json
import statistics
import sys

EDGES = 8  # members of a council: deliveries of one append

# figure, system, at least (+1) or at most (-1), aim, in words
AIMS = [
    ("deliveries_share_of_ed25519", "councild", +1, 50, "durable fan-out, of one core's Ed25519 x 8"),
    ("deliveries_share_of_nats", "councild", +1, 120, "durable fan-out, of nats with JetStream on file"),
    ("deliveries_share_of_mosquitto", "councild", +1, 200, "durable fan-out, of mosquitto at QoS 1"),
    ("durability_adds_at_2000_per_s", "councild", -1, 0.5, "what durability adds to the median"),
    ("memory_per_connection_of_10000", "councild", -1, 4096, "memory of an idle connection, logged in"),
    ("growth_with_councils", "councild", -1, 1.3, "cost of a post with many councils, of few"),
    ("growth_with_connections", "councild", -1, 1.3, "cost of a post with many connections, of 1,000"),
    ("latency_growth_with_connections", "councild", -1, 2, "median with many connections, of 1,000"),
    ("growth_with_stored", "councild", -1, 1.3, "cost of a post with many stored entries, of none"),
    ("start", "councild", -1, 1000, "start with many stored entries to the first answer"),
    ("catchup_served_1", "councild", +1, 100000, "catch-up served to one client"),
    ("catchup_stored_share_of_ed25519", "council", +1, 80, "catch-up stored by a client, of one core's Ed25519"),
    ("entry_check_share_of_ed25519", "entry-check", +1, 70, "the entry check, of bare Ed25519"),
    ("stall_loop_worst", "councild", -1, 20, "worst stall of the loop, with checkpoints and a backup"),
    ("latency_worst_while_backed_up", "councild", -1, 20, "worst time of a post meanwhile"),
]


def read(path):
    runs = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"figure"'):
                row = json.loads(line)
                key = (row["figure"], row["system"])
                runs.setdefault(key, []).append(row)
    return runs


def values(runs, figure, system):
    return [row["value"] for row in runs.get((figure, system), [])]


def derive(runs, figure, system, unit, ack, pairs, of):
    """A figure of each round from two that were measured in it."""
    made = [{"figure": figure, "system": system, "value": of(a, b), "unit": unit, "ack": ack}
            for a, b in pairs if b]
    if made:
        runs[(figure, system)] = made


def grow(runs, figure, prefix, what, ack):
    """The figure of most of something against that of least of it."""
    found = sorted((int(k[0][len(prefix):].split("_")[0]), k) for k in runs
                   if k[0].startswith(prefix) and k[0].endswith("_" + what))
    if len(found) > 1:
        few, many = (values(runs, *key) for _, key in (found[0], found[-1]))
        derive(runs, figure, "councild", "times", ack, zip(many, few), lambda a, b: a / b)


def derive_all(runs):
    ed25519 = values(runs, "verifications", "ed25519")
    fanout = values(runs, "deliveries", "councild")
    ack = next((r[0]["ack"] for k, r in runs.items() if k[1] == "councild"), "")
    derive(runs, "deliveries_share_of_ed25519", "councild", "%", ack, zip(fanout, ed25519),
           lambda a, b: 100 * a / (EDGES * b))
    derive(runs, "deliveries_share_of_broadcast", "councild", "%", ack,
           zip(fanout, values(runs, "deliveries", "lws-broadcast")), lambda a, b: 100 * a / b)
    derive(runs, "entry_check_share_of_ed25519", "entry-check", "%", "nothing: entries checked by one core",
           zip(values(runs, "entries_checked", "entry-check"), ed25519), lambda a, b: 100 * a / b)
    for batch in (64, 512):
        derive(runs, f"rows_by_{batch}_share_of_sqlite", "council-store", "%",
               "on disk (fdatasync), not verified",
               zip(values(runs, f"rows_by_{batch}", "council-store"),
                   values(runs, f"rows_by_{batch}", "sqlite")), lambda a, b: 100 * a / b)
    for peer in ("nats", "mosquitto", "node-ws"):
        derive(runs, f"deliveries_share_of_{peer}", "councild", "%", ack,
               zip(fanout, values(runs, "deliveries", peer)), lambda a, b: 100 * a / b)
    derive(runs, "durability_adds_at_2000_per_s", "councild", "ms", ack,
           zip(values(runs, "latency_p50_at_2000_per_s", "councild"),
               values(runs, "latency_p50_at_2000_per_s", "councild-unsynced")), lambda a, b: a - b)
    derive(runs, "catchup_stored_share_of_ed25519", "council", "%", "verified and stored (fsync)",
           zip(values(runs, "catchup_stored", "council"), ed25519), lambda a, b: 100 * a / b)
    for what in ("councils", "connections", "stored"):
        grow(runs, f"growth_with_{what}", "cost_per_post_", what, ack)
        grow(runs, f"latency_growth_with_{what}", "latency_p50_", what, ack)
    for (figure, system), rows in list(runs.items()):
        if figure.startswith("start_with_"):
            runs[("start", system)] = [dict(row, figure="start") for row in rows]
    few = values(runs, "memory_per_subscribed_connection_of_1000", "councild")
    many = values(runs, "memory_per_subscribed_connection_of_10000", "councild")
    derive(runs, "memory_per_further_connection", "councild", "B", ack, zip(many, few),
           lambda a, b: (10000 * a - 1000 * b) / 9000)


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def main():
    runs = read(sys.argv[1])
    derive_all(runs)
    medians = {}
    for key, rows in runs.items():
        medians[key] = dict(rows[0], value=round(statistics.median(r["value"] for r in rows), 3))
        print(json.dumps(medians[key], separators=(",", ":")))
    print()
    width = max((len(k[0]) for k in medians), default=10)
    print(f"{'figure':{width}}  {'system':14} {'median':>12}  {'unit':12} {'lowest .. highest':>24}  of")
    for key, row in medians.items():
        all_values = [r["value"] for r in runs[key]]
        spread = f"{shown(min(all_values))} .. {shown(max(all_values))}" if len(all_values) > 1 else ""
        print(f"{key[0]:{width}}  {key[1]:14} {shown(row['value']):>12}  {row['unit']:12} {spread:>24}"
              f"  {len(all_values)}")
    print()
    for figure, system, sign, aim, words in AIMS:
        if (figure, system) in medians:
            row = medians[(figure, system)]
            met = sign * row["value"] >= sign * aim
            print(f"{'met   ' if met else 'MISSED'} {words}: {shown(row['value'])} {row['unit']},"
                  f" aim {'at least' if sign > 0 else 'at most'} {shown(aim)}")


main()
