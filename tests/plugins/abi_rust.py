#!/usr/bin/env python3
"""The border in Rust says what the header says: the same structs with the same fields of the same widths in the
same order, and the same numbers. What compiles it, the guide for authors, asserts the sizes."""

import re
import sys

from abi_frozen import PRESENT, declarations

RUST = PRESENT.with_suffix(".rs")
WIDTHS = {"uint16_t": "u16", "int32_t": "i32", "uint32_t": "u32", "int64_t": "i64", "uint64_t": "u64", "double": "f64"}


def c_field(field):
    """Name and kind of a field of the header; all pointers are of one kind."""
    if pointer := re.match(r"int32_t \(\*(\w+)\)|void \(\*(\w+)\)", field):
        return pointer[1] or pointer[2], "pointer"
    name = re.search(r"(\w+)$", field)[1]
    return name, "pointer" if "*" in field else WIDTHS[field.split()[0]]


def rust_field(field):
    name, kind = re.match(r"pub (\w+): (.+)$", field).groups()
    return name.rstrip("_"), "pointer" if kind.startswith(("*", "extern")) else kind


def rust_name(struct):
    """pt_input_meta_v1 is InputMeta."""
    return "".join(word.capitalize() for word in struct.removeprefix("pt_").removesuffix("_v1").split("_"))


def main():
    structs, macros, _ = declarations(PRESENT.read_text(encoding="utf-8"))
    text = re.sub(r"//.*", "", RUST.read_text(encoding="utf-8"))
    found = []
    for struct, fields in structs.items():
        body = re.search(rf"#\[repr\(C\)\]\npub struct {rust_name(struct)} {{\n(.*?)\n}}", text, re.S)
        if body is None:
            found.append(f"{struct} is not there")
            continue
        rust = [rust_field(line.strip().rstrip(",")) for line in body[1].splitlines() if line.strip()]
        wanted = [c_field(field) for field in fields]
        if rust != wanted:
            found.append(f"{struct} is {wanted}, in Rust {rust}")
    constants = re.findall(r"pub const (PT_\w+): \w+ = ([^;]+);", text)
    for name, value in constants:
        if int(value, 0) != int(macros[name].strip("()").rstrip("u"), 0):
            found.append(f"{name} is {macros[name]}, in Rust {value}")
    print("\n".join(found) if found else f"{len(structs)} structs and {len(constants)} numbers are the same")
    return 1 if found or not constants else 0


if __name__ == "__main__":
    sys.exit(main())
