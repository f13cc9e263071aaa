#!/usr/bin/env python3
"""Computes every value of the worked example (docs/spec/worked-example.md) again, without the project's code.

Uses the standard library and one stock Ed25519 package (requirements.txt). Reads values.json beside it, or the file
named as argument; takes `inputs`, computes, compares with `values`. Exits 1 and names each difference.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    """canonical.md; member names are ASCII here, so sorting by code point is sorting by UTF-16 code unit."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def hkdf(seed, info, length):
    """RFC 5869 with SHA-256, no salt, at most one block."""
    key = hmac.new(bytes(32), seed, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:length]


def node(left, right):
    return sha256(b"\x01" + left + right)


def tree(leaves):
    """RFC 6962 section 2.1: root, and the path of each leaf."""
    if len(leaves) == 1:
        return leaves[0], [[]]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, left_paths = tree(leaves[:split])
    right, right_paths = tree(leaves[split:])
    return node(left, right), [p + [right] for p in left_paths] + [p + [left] for p in right_paths]


def climb(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2: the root a path leads to, or None."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def sign(payload, typ, signer, entries, wrong):
    """One more signature, made with the published example key and verified with the certificate's key."""
    der = unb64(signer["certificate"])
    public = load_der_x509_certificate(der).public_key()
    header = {"alg": "Ed25519", "iat": signer["iat"], "role": signer["role"], "typ": typ, "x5t#S256": b64(sha256(der))}
    if entries:
        last = entries[-1]
        header["prev"] = b64(sha256(f"{last['protected']}.{b64(payload)}.{last['signature']}".encode()))
    protected = canonical(header)
    signing_input = f"{b64(protected)}.{b64(payload)}".encode()
    # keys-example/README.md: the seed of an example key.
    secret = Ed25519PrivateKey.from_private_bytes(sha256(b"hocba example key: " + signer["name"].encode()))
    signature = secret.sign(signing_input)
    try:
        public.verify(signature, signing_input)
    except InvalidSignature:
        wrong.append(f"the signature of {signer['name']} does not verify under the certificate's key")
    entries.append({"protected": b64(protected), "signature": b64(signature)})
    return {
        "certificate_sha256": b64(sha256(der)),
        "prev": header.get("prev", ""),
        "protected": protected.decode(),
        "public_key": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw)),
        "signature": b64(signature),
        "signing_input_sha256": sha256(signing_input).hex(),
    }


def compute(inputs, wrong):
    out = {}
    policy = canonical(inputs["policy"])
    out["policy"] = {"bytes": policy.decode(), "sha256": b64(sha256(policy))}

    # Sections, with the two that every record has besides its content.
    sections = {s["name"]: s["value"] for s in inputs["sections"]}
    sections["history"] = {"entries": inputs["history"]}
    sections["manifest"] = {"sections": sorted([*sections, "manifest"])}
    seed = unb64(inputs["seed"])
    out["disclosures"] = []
    for name in sorted(sections):
        salt = b64(hkdf(seed, b"hocba-salt-v1\x00" + name.encode(), 16))
        array = canonical([salt, name, sections[name]])
        text = b64(array)
        digest = b64(sha256(text.encode()))
        disclosed = {"array": array.decode(), "digest": digest, "name": name, "salt": salt, "text": text}
        out["disclosures"].append(disclosed)
    decoys = range(inputs["slots"] - len(sections))
    out["decoys"] = [b64(hkdf(seed, b"hocba-decoy-v1\x00" + n.to_bytes(2, "big"), 32)) for n in decoys]

    payload = canonical({
        **inputs["open_claims"],
        "_sd": sorted([d["digest"] for d in out["disclosures"]] + out["decoys"]),
        "_sd_alg": "sha-256",
        "policy": {"id": inputs["policy"]["id"], "sha256": out["policy"]["sha256"]},
    })
    out["payload"] = {"bytes": payload.decode(), "sha256": b64(sha256(payload))}

    entries = []
    out["signatures"] = [sign(payload, "hocba-record+jws", s, entries, wrong) for s in inputs["signers"]]
    statement = canonical({"payload": b64(payload), "signatures": entries})
    out["statement"] = {"bytes": statement.decode(), "length": len(statement), "sha256": sha256(statement).hex()}

    before, after = ([sha256(b"\x00" + leaf.encode())] for leaf in inputs["other_leaves"])
    leaves = before + [sha256(b"\x00" + statement)] + after
    root, paths = tree(leaves)
    for index, path in enumerate(paths):
        if climb(leaves[index], index, len(leaves), path) != root:
            wrong.append(f"the path of leaf {index} does not lead to the root")
    out["tree"] = {
        "leaves": [leaf.hex() for leaf in leaves],
        "paths": [[p.hex() for p in path] for path in paths],
        "root": root.hex(),
        "size": len(leaves),
    }

    place = inputs["chain"].to_bytes(32, "big") + bytes.fromhex(inputs["contract"][2:])
    batch = inputs["batch"]
    issuer = batch["issuer"].encode().ljust(16, b"\x00")
    genesis = sha256(b"hocba-anchor-v1" + place)
    out["batch"] = {
        "anchor_genesis": genesis.hex(),
        "digest": sha256(
            b"hocba-anchor-v1" + place + batch["index"].to_bytes(8, "big") + root + len(leaves).to_bytes(4, "big")
            + issuer + batch["alg"].to_bytes(1, "big") + batch["time"].to_bytes(8, "big") + genesis).hex(),
        "issuer_bytes16": issuer.hex(),
    }

    status = inputs["status"]
    change = status["change"]
    signer = next(s for s in inputs["signers"] if s["name"] == status["signer"])
    entries = []
    sign(canonical(change), "hocba-status+jws", {**signer, "iat": status["iat"]}, entries, wrong)
    statement = canonical({"payload": b64(canonical(change)), "signatures": entries})
    leaf = sha256(b"\x00" + statement)
    key = sha256(b"hocba-status-v1" + unb64(change["subject"]))
    genesis = sha256(b"hocba-status-log-v1" + place)
    out["status"] = {
        "digest": sha256(
            b"hocba-status-log-v1" + place + status["log_index"].to_bytes(8, "big") + key
            + change["live_version"].to_bytes(4, "big") + bytes([status["revoked"], status["reason_code"]])
            + status["time"].to_bytes(8, "big") + leaf + genesis).hex(),
        "genesis": genesis.hex(),
        "key": key.hex(),
        "leaf": leaf.hex(),
        "statement": statement.decode(),
    }
    return out


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("values.json")
    example = json.loads(path.read_text(encoding="utf-8"))
    wrong = []
    ours, theirs = compute(example["inputs"], wrong), example["values"]
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            wrong.append(f"{name}: computed {json.dumps(ours.get(name))}, the file has {json.dumps(theirs.get(name))}")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"worked example: {len(ours)} groups of values, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
