#!/usr/bin/env python3
"""A second reading of the specification: state roots and proofs, in the standard library alone.

    nub_state.py EXPORT
        Reads an export (docs/spec/export.md), takes the state apart into plain maps, encodes it again
        from those (docs/spec/encoding.md, docs/spec/state.md) and prints the root that comes out.

    nub_state.py --proof FILE --root HASH --claim CLAIM
        Checks an encoded proof (docs/spec/proofs.md) and prints "absent" or "present" and the object.
        Claims: instance:ID  entry:ID:KEY  page:ID:NUMBER  receipt:INDEX  state-receipt:INDEX
        Hashes, ids and keys are hexadecimal.

Anything that is not as the specification says ends it with a message and exit code 1.
It shares nothing with the Rust code, and is made to be read, not to be fast.
"""

import argparse
import hashlib
import sys
from collections import namedtuple

SYSTEM, IMAGE, TYPE_DEF, INSTANCE, CNODE, DATA_CAP, LEAF, BRANCH, BYTES, PAGE, REF, RECEIPT = range(1, 13)
NAMES = "System Image TypeDef Instance CNode DataCap Leaf Branch Bytes Page Ref Receipt".split()
NODE = {LEAF, BRANCH}
STORABLE = {IMAGE, TYPE_DEF, CNODE, DATA_CAP, BYTES, REF}
VALUE = STORABLE | {INSTANCE, PAGE, RECEIPT}

EMBEDDED_MAX = 128
PAGE_BYTES = 4096
HEIGHT_MAX = 16
GAS_PRICES = 23  # u64 each
LIMITS = 12  # u32 each
STATUSES = 12


class Refused(Exception):
    """Bytes that are not as the specification says."""


def need(condition, message):
    if not condition:
        raise Refused(message)


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


# ---- SCALE ---------------------------------------------------------------------------------------------


def integer(value, size, signed=False):
    return value.to_bytes(size, "little", signed=signed)


def compact(value):
    if value < 1 << 6:
        return integer(value << 2, 1)
    if value < 1 << 14:
        return integer(value << 2 | 1, 2)
    if value < 1 << 30:
        return integer(value << 2 | 2, 4)
    return b"\x03" + integer(value, 4)


def octets(data):
    return compact(len(data)) + data


def option(encoded):
    return b"\x00" if encoded is None else b"\x01" + encoded


def vector(encoded):
    return compact(len(encoded)) + b"".join(encoded)


class Reader:
    """Takes fields off the front of some bytes. Accepts the shortest forms only."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(count <= len(self.data) - self.at, "bytes end early")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self, size, signed=False):
        return int.from_bytes(self.take(size), "little", signed=signed)

    def u8(self):
        return self.integer(1)

    def u16(self):
        return self.integer(2)

    def u32(self):
        return self.integer(4)

    def u64(self):
        return self.integer(8)

    def i64(self):
        return self.integer(8, signed=True)

    def hash(self):
        return self.take(32)

    def bool(self):
        value = self.u8()
        need(value <= 1, "a bool is 0 or 1")
        return value == 1

    def compact(self):
        first = self.data[self.at : self.at + 1]
        need(first, "bytes end early")
        mode = first[0] & 3
        if mode < 3:
            size = 1 << mode
            value = self.integer(size) >> 2
        else:
            need(first[0] == 3, "a compact integer above 2**32")
            size = 5
            self.u8()
            value = self.u32()
        need(len(compact(value)) == size, "a compact integer is not in its shortest form")
        return value

    def octets(self):
        return self.take(self.compact())

    def string(self):
        data = self.octets()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("a string is not UTF-8")
        return data

    def option(self, read):
        return read() if self.bool() else None

    def vector(self, read):
        # Every element takes a byte or more, so a false count ends here, not in memory.
        return [read() for _ in range(self.compact())]

    def finish(self):
        need(self.at == len(self.data), "bytes follow")


# ---- Objects -------------------------------------------------------------------------------------------

# A child as its parent writes it: its hash, or its encoding.
Child = namedtuple("Child", "hash embedded")
# An object: kind, fields by name, and its children with the kinds that may stand there, in order.
Object = namedtuple("Object", "kind fields children")


def child(encoding):
    """How a parent writes the child with this encoding."""
    if len(encoding) <= EMBEDDED_MAX:
        return b"\x00" + octets(encoding)
    return b"\x01" + blake2b(encoding)


def read_child(reader, allowed):
    tag = reader.u8()
    need(tag <= 1, "a child is embedded or hashed")
    if tag == 1:
        return Child(reader.hash(), None)
    encoding = reader.octets()
    need(len(encoding) <= EMBEDDED_MAX, "a long child is embedded")
    expect(parse(encoding), allowed)
    return Child(None, encoding)


def expect(obj, allowed):
    need(obj.kind in allowed, "a %s stands where it may not" % NAMES[obj.kind - 1])
    return obj


def parse(encoding):
    """The object with this encoding; embedded children are parsed too, to be refused if they are bad."""
    reader = Reader(encoding)
    kind = reader.u8()
    need(kind in PARSERS, "unknown kind tag %d" % kind)
    obj = PARSERS[kind](reader)
    reader.finish()
    return obj


def params(reader):
    """Params, checked and given as they stand."""
    start = reader.at
    reader.take(8 * GAS_PRICES + 4 * LIMITS + 3 * 8)
    reader.option(reader.hash)
    return reader.data[start : reader.at]


def parse_system(r):
    head = r.take(4 + 8 + 8 + 8 + 32)
    last_receipts_root = r.hash()
    start = r.at
    params(r)
    r.option(lambda: (r.u64(), params(r)))
    middle = r.data[start : r.at]
    instances = read_child(r, {CNODE})
    fields = {"head": head, "last_receipts_root": last_receipts_root, "params": middle}
    return Object(SYSTEM, fields, [(instances, {CNODE})])


def parse_image(r):
    program, ro_data, rw_data = r.octets(), r.octets(), r.octets()
    stack_bytes, heap_pages = r.u32(), r.u32()
    endpoints = r.vector(lambda: (r.u16(), r.u32()))
    type_def = r.option(r.hash)
    need(ascends([number for number, _ in endpoints]), "endpoints do not ascend")

    def zone(size):
        return -(-size // 65536) * 65536

    total = 5 * 65536 + zone(len(ro_data)) + zone(len(rw_data) + PAGE_BYTES * heap_pages)
    total += zone(stack_bytes) + (1 << 24)
    need(total <= 1 << 32, "an Image does not fit")
    encoded = octets(program) + octets(ro_data) + octets(rw_data)
    encoded += integer(stack_bytes, 4) + integer(heap_pages, 4)
    encoded += vector([integer(number, 2) + integer(pc, 4) for number, pc in endpoints])
    return Object(IMAGE, {"body": encoded + option(type_def)}, [])


def parse_type_def(r):
    def fields():
        return r.vector(lambda: octets(r.string()) + octets(r.string()))

    endpoints = r.vector(lambda: (r.u16(), octets(r.string()), vector(fields()), octets(r.string())))
    events = r.vector(lambda: (r.take(32), octets(r.string()), vector(fields())))
    need(ascends([e[0] for e in endpoints]) and ascends([e[0] for e in events]), "entries do not ascend")
    encoded = vector([integer(e[0], 2) + e[1] + e[2] + e[3] for e in endpoints])
    return Object(TYPE_DEF, {"body": encoded + vector([b"".join(e) for e in events])}, [])


def parse_instance(r):
    kinds = [{IMAGE}, {CNODE}, {DATA_CAP}]
    children = [(read_child(r, allowed), allowed) for allowed in kinds]
    return Object(INSTANCE, {"public": r.bool(), "creations": r.u64()}, children)


def parse_cnode(r):
    heights = r.vector(r.u32)
    need(len(heights) < HEIGHT_MAX and heights[-1:] != [0], "child heights end in zero or are too many")
    root = r.option(lambda: read_child(r, NODE))
    need(root is not None or not heights, "an empty CNode has child heights")
    return Object(CNODE, {"heights": heights, "root": root}, [] if root is None else [(root, NODE)])


def parse_data_cap(r):
    size = r.u64()
    root = r.option(lambda: read_child(r, NODE))
    return Object(DATA_CAP, {"size": size, "root": root}, [] if root is None else [(root, NODE)])


def read_path(r):
    count = r.u8()
    need(count <= 64, "a path of more than 64 nibbles")
    nibbles = to_nibbles(r.take((count + 1) // 2))
    need(not any(nibbles[count:]), "a path is not padded with zero")
    return nibbles[:count]


def parse_leaf(r):
    path = read_path(r)
    value = read_child(r, VALUE)
    return Object(LEAF, {"path": path, "value": value, "below": []}, [(value, VALUE)])


def parse_branch(r):
    path = read_path(r)
    value = r.option(lambda: read_child(r, VALUE))
    bitmap = r.u16()
    below = [(nibble, read_child(r, NODE)) for nibble in range(16) if bitmap >> nibble & 1]
    need(len(below) + (value is not None) >= 2, "a branch is too small")
    children = [] if value is None else [(value, VALUE)]
    children += [(node, NODE) for _, node in below]
    return Object(BRANCH, {"path": path, "value": value, "below": below}, children)


def parse_bytes(r):
    value = r.octets()
    need(len(value) <= PAGE_BYTES, "a byte value of more than 4096 bytes")
    return Object(BYTES, {"body": octets(value)}, [])


def parse_page(r):
    content = r.octets()
    need(0 < len(content) <= PAGE_BYTES and content[-1] != 0, "a page is zero, too long or not trimmed")
    return Object(PAGE, {"body": octets(content)}, [])


def parse_ref(r):
    instance, rights, badge = r.take(32), r.u8(), r.take(32)
    need(1 <= rights <= 7, "rights are 1 to 7")
    return Object(REF, {"body": instance + integer(rights, 1) + badge}, [])


def parse_receipt(r):
    status, gas_used, output = r.u8(), r.u64(), r.octets()
    need(status < STATUSES, "unknown status")
    logs = r.vector(lambda: r.take(32) + r.take(32) + octets(r.octets()))
    growth = [integer(r.i64(), 8, signed=True) for _ in range(3)]
    encoded = integer(status, 1) + integer(gas_used, 8) + octets(output) + vector(logs) + b"".join(growth)
    return Object(RECEIPT, {"body": encoded}, [])


PARSERS = {
    SYSTEM: parse_system,
    IMAGE: parse_image,
    TYPE_DEF: parse_type_def,
    INSTANCE: parse_instance,
    CNODE: parse_cnode,
    DATA_CAP: parse_data_cap,
    LEAF: parse_leaf,
    BRANCH: parse_branch,
    BYTES: parse_bytes,
    PAGE: parse_page,
    REF: parse_ref,
    RECEIPT: parse_receipt,
}


def ascends(values):
    return all(a < b for a, b in zip(values, values[1:]))


# ---- Tries ---------------------------------------------------------------------------------------------


def to_nibbles(data):
    return [half for byte in data for half in (byte >> 4, byte & 15)]


def encode_path(nibbles):
    padded = nibbles + [0] * (len(nibbles) % 2)
    packed = bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2]))
    return integer(len(nibbles), 1) + packed


def encode_trie(entries):
    """The root node as its owner writes it, of (key, value as its parent writes it); None if empty."""
    listed = sorted((to_nibbles(key), value) for key, value in entries)
    return child(encode_node(listed, 0)) if listed else None


def encode_node(entries, depth):
    """The node of ascending entries that share their first `depth` nibbles."""
    first, last = entries[0][0], entries[-1][0]
    if len(entries) == 1:
        return bytes([LEAF]) + encode_path(first[depth:]) + entries[0][1]
    end = depth
    while end < len(first) and first[end] == last[end]:
        end += 1
    value = None
    if len(first) == end:
        value, entries = entries[0][1], entries[1:]
    groups = {}
    for entry in entries:
        groups.setdefault(entry[0][end], []).append(entry)
    bitmap = sum(1 << nibble for nibble in groups)
    below = [child(encode_node(groups[nibble], end + 1)) for nibble in sorted(groups)]
    encoded = bytes([BRANCH]) + encode_path(first[depth:end]) + option(value)
    return encoded + integer(bitmap, 2) + b"".join(below)


# ---- A whole state -------------------------------------------------------------------------------------

# A rebuilt object: its encoding as its parent writes it, and for a CNode its height, else 0.
Rebuilt = namedtuple("Rebuilt", "kind written height")


class State:
    """Takes a state apart into maps and encodes it again from them."""

    def __init__(self, objects):
        self.objects = objects
        self.used = set()
        self.rebuilt = {}
        self.tries = {}

    def encoding(self, link):
        if link.hash is None:
            return link.embedded
        need(link.hash in self.objects, "object %s is missing" % link.hash.hex())
        self.used.add(link.hash)
        return self.objects[link.hash]

    def root(self, root):
        system = expect(parse(self.encoding(Child(root, None))), {SYSTEM})
        cnode = expect(parse(self.encoding(system.children[0][0])), {CNODE})
        need(not cnode.fields["heights"], "instances has child heights")
        trie, _ = self.trie(cnode.fields["root"], {INSTANCE}, 32)
        instances = bytes([CNODE]) + compact(0) + option(trie)
        fields = system.fields
        encoded = bytes([SYSTEM]) + fields["head"] + fields["last_receipts_root"] + fields["params"]
        return blake2b(encoded + child(instances))

    def value(self, link, allowed):
        """The object of a link, encoded again."""
        if link not in self.rebuilt:
            obj = parse(self.encoding(link))
            body, height = self.body(obj)
            self.rebuilt[link] = Rebuilt(obj.kind, child(bytes([obj.kind]) + body), height)
        rebuilt = self.rebuilt[link]
        need(rebuilt.kind in allowed, "a %s stands where it may not" % NAMES[rebuilt.kind - 1])
        return rebuilt

    def body(self, obj):
        fields = obj.fields
        if obj.kind == INSTANCE:
            children = b"".join(self.value(link, allowed).written for link, allowed in obj.children)
            return children + integer(fields["public"], 1) + integer(fields["creations"], 8), 0
        if obj.kind == CNODE:
            trie, heights = self.trie(fields["root"], STORABLE, None)
            need(len(heights) < HEIGHT_MAX, "a CNode is higher than %d" % HEIGHT_MAX)
            need(heights == fields["heights"], "a CNode does not count the CNodes in it")
            return vector([integer(count, 4) for count in heights]) + option(trie), 1 + len(heights)
        if obj.kind == DATA_CAP:
            trie, _ = self.trie(fields["root"], {PAGE}, 4)
            return integer(fields["size"], 8) + option(trie), 0
        need("body" in fields, "a %s stands where it may not" % NAMES[obj.kind - 1])
        return fields["body"], 0

    def trie(self, root, allowed, key_bytes):
        """A trie encoded again from its entries, and how many CNodes of each height are in it."""
        if root is None:
            return None, []
        memo = (root, frozenset(allowed), key_bytes)
        if memo not in self.tries:
            heights, encoded = [0] * HEIGHT_MAX, []
            for key, link in self.entries(root):
                need(1 <= len(key) <= 32 and key_bytes in (None, len(key)), "a key has a wrong length")
                rebuilt = self.value(link, allowed)
                encoded.append((key, rebuilt.written))
                if rebuilt.height:
                    heights[rebuilt.height - 1] += 1
            while heights and heights[-1] == 0:
                heights.pop()
            self.tries[memo] = encode_trie(encoded), heights
        return self.tries[memo]

    def entries(self, root):
        """The entries under a root node, ascending."""
        found, todo = [], [(root, [])]
        while todo:
            link, prefix = todo.pop()
            node = expect(parse(self.encoding(link)), NODE).fields
            path = prefix + node["path"]
            need(len(path) <= 64, "a trie deeper than 64 nibbles")
            if node["value"] is not None:
                need(len(path) % 2 == 0, "a key of half a byte")
                key = bytes(high << 4 | low for high, low in zip(path[::2], path[1::2]))
                found.append((key, node["value"]))
            todo += [(below, path + [nibble]) for nibble, below in reversed(node["below"])]
        return found


def hashed_children(obj):
    """What an object or its embedded children name by hash, with the kinds that may stand there."""
    for link, allowed in obj.children:
        if link.hash is not None:
            yield link.hash, allowed
        else:
            yield from hashed_children(parse(link.embedded))


def check_export(data):
    """The root that the content of an export comes to."""
    r = Reader(data)
    need(r.take(8) == b"nubstate", "not an export")
    need(r.u32() == 1, "another version")
    root, objects, kinds = r.hash(), {}, {}
    while root not in objects:
        encoding = r.take(r.u32())
        need(len(encoding) > EMBEDDED_MAX, "a short object is named by hash")
        name, obj = blake2b(encoding), parse(encoding)
        need(name not in objects, "object %s is there twice" % name.hex())
        for below, allowed in hashed_children(obj):
            need(below in kinds, "a child does not stand before its parent")
            need(kinds[below] in allowed, "a child is of a wrong kind")
        objects[name], kinds[name] = encoding, obj.kind
    r.finish()
    state = State(objects)
    recomputed = state.root(root)
    need(len(state.used) == len(objects), "an object has no parent")
    need(recomputed == root, "the content comes to root 0x%s" % recomputed.hex())
    return root


# ---- Proofs --------------------------------------------------------------------------------------------


class Proof:
    """The objects of a proof, to be read in order."""

    def __init__(self, data):
        r = Reader(data)
        self.objects = r.vector(r.octets)
        r.finish()
        self.names = [blake2b(encoding) for encoding in self.objects]
        need(len(set(self.names)) == len(self.names), "an object is there twice")
        self.read = 0

    def load(self, name, may_be_short=False):
        need(name in self.names, "object %s is missing" % name.hex())
        place = self.names.index(name)
        need(place <= self.read, "objects are not in the order in which they are read")
        self.read = max(self.read, place + 1)
        encoding = self.objects[place]
        need(may_be_short or len(encoding) > EMBEDDED_MAX, "a short object is named by hash")
        return encoding

    def follow(self, link, allowed):
        """The object of a link and its encoding."""
        encoding = link.embedded if link.hash is None else self.load(link.hash)
        return expect(parse(encoding), allowed), encoding

    def search(self, node, key, allowed):
        """What a trie has under a key: the object and its encoding; None if nothing."""
        rest = to_nibbles(key)
        while True:
            fields = expect(node, NODE).fields
            path = fields["path"]
            if rest[: len(path)] != path:
                return None
            rest = rest[len(path) :]
            if not rest:
                return None if fields["value"] is None else self.follow(fields["value"], allowed)
            below = dict(fields["below"]).get(rest[0])
            if below is None:
                return None
            node, _ = self.follow(below, NODE)
            rest = rest[1:]

    def search_under(self, root, key, allowed):
        return None if root is None else self.search(self.follow(root, NODE)[0], key, allowed)

    def instance(self, root, name):
        system = expect(parse(self.load(root)), {SYSTEM})
        instances, _ = self.follow(system.children[0][0], {CNODE})
        return self.search_under(instances.fields["root"], name, {INSTANCE})

    def part(self, root, name, index, kind, key, allowed):
        """What the trie of an Instance's CNode or memory has under a key."""
        instance = self.instance(root, name)
        if instance is None:
            return None
        owner, _ = self.follow(instance[0].children[index][0], {kind})
        return self.search_under(owner.fields["root"], key, allowed)

    def receipt(self, root, index):
        if root == bytes(32):
            return None
        node = parse(self.load(root, may_be_short=True))
        return self.search(node, index.to_bytes(4, "big"), {RECEIPT})

    def look_up(self, root, claim):
        what, *rest = claim.split(":")
        if what == "instance":
            return self.instance(root, octets_of(rest[0]))
        if what == "entry":
            key = octets_of(rest[1])
            need(1 <= len(key) <= 32, "a key has 1 to 32 octets")
            return self.part(root, octets_of(rest[0]), 1, CNODE, key, STORABLE)
        if what == "page":
            number = int(rest[1]).to_bytes(4, "big")
            return self.part(root, octets_of(rest[0]), 2, DATA_CAP, number, {PAGE})
        if what == "receipt":
            return self.receipt(root, int(rest[0]))
        if what == "state-receipt":
            system = expect(parse(self.load(root)), {SYSTEM})
            return self.receipt(system.fields["last_receipts_root"], int(rest[0]))
        raise Refused("unknown claim " + what)


def octets_of(text):
    return bytes.fromhex(text[2:] if text.startswith("0x") else text)


def check_proof(data, root, claim):
    """The encoding of what a proof shows to be present; None if absent."""
    proof = Proof(data)
    found = proof.look_up(root, claim)
    need(proof.read == len(proof.objects), "the proof has an object that is not read")
    return None if found is None else found[1]


def main():
    arguments = argparse.ArgumentParser(description="State roots and proofs, from the specification.")
    arguments.add_argument("export", nargs="?", help="an export: print its root")
    arguments.add_argument("--proof", metavar="FILE", help="an encoded proof: check it")
    arguments.add_argument("--root", metavar="HASH", help="what the proof is against")
    arguments.add_argument("--claim", help="what it is about, for example entry:ID:KEY")
    given = arguments.parse_args()
    is_proof = None not in (given.proof, given.root, given.claim)
    if is_proof == (given.export is not None):
        arguments.error("give an export, or --proof, --root and --claim")
    with open(given.proof if is_proof else given.export, "rb") as file:
        data = file.read()
    try:
        if is_proof:
            found = check_proof(data, octets_of(given.root), given.claim)
            print("absent" if found is None else "present 0x" + found.hex())
        else:
            print("0x" + check_export(data).hex())
    except (Refused, RecursionError) as refused:
        sys.exit("refused: %s" % refused)


if __name__ == "__main__":
    main()
