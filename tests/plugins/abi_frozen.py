#!/usr/bin/env python3
"""Minor versions of the plugin border append and change nothing: whatever a frozen header declares, the present
header declares in the same words and the same order, and what it adds comes behind it.

Frozen headers are tests/plugins/modules/abi_MAJOR_MINOR/policytrack_plugin.h. A new minor version is frozen
there when it is released, and a plugin of its time beside it, of_abi_MAJOR_MINOR.c. abi_layout_test.cc has the offsets in numbers."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRESENT = ROOT / "plugins/sdk/policytrack_plugin.h"
FROZEN = ROOT / "tests/plugins/modules"
MINOR = "PT_ABI_MINOR"


def declarations(text):
    """Structs as lists of fields, macros by name, and all other declarations, without comments and spaces."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    macros = dict(re.findall(r"^#define (\w+)[ \t]+(.+?)\s*$", text, re.M))
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    structs = {}

    def take(match):
        structs[match[1]] = [" ".join(field.split()) for field in match[2].split(";") if field.strip()]
        return ""

    rest = re.sub(r"typedef struct (\w+) \{(.*?)\} \1;", take, text, flags=re.S)
    return structs, macros, " ".join(rest.split())


def breaks(frozen, present):
    """What a plugin of the frozen header would find changed."""
    old_structs, old_macros, old_rest = declarations(frozen)
    structs, macros, rest = declarations(present)
    found = []
    for name, fields in old_structs.items():
        now = structs.get(name, [])
        for i, field in enumerate(fields):
            if i >= len(now) or now[i] != field:
                found.append(f"{name}: field {i} was `{field}`, is `{now[i] if i < len(now) else 'gone'}`")
                break
    for name, value in old_macros.items():
        if name != MINOR and macros.get(name) != value:
            found.append(f"{name} was {value}, is {macros.get(name, 'gone')}")
    if old_rest != rest:
        found.append("a declaration outside of structs has changed")
    minor, old_minor = int(macros[MINOR]), int(old_macros[MINOR])
    if minor < old_minor:
        found.append(f"{MINOR} went back from {old_minor} to {minor}")
    grown = any(len(structs.get(name, [])) > len(fields) for name, fields in old_structs.items())
    if minor == old_minor and grown:
        found.append(f"structs have grown since {MINOR} {minor} was frozen: raise it")
    return found


def self_test(text):
    """That each kind of change is found."""
    for old, new in (("uint32_t struct_size;\n  uint32_t capacity;", "uint32_t capacity;\n  uint32_t struct_size;"),
                     ("  int64_t look_back;", "  int32_t look_back;"),
                     ("  uint64_t axis_count;\n", ""),
                     ("#define PT_REASON_ZERO_BASE 3u", "#define PT_REASON_ZERO_BASE 9u"),
                     ("  int64_t deadline_ns; ", "  int64_t more;\n  int64_t deadline_ns; "),
                     ("  int64_t deadline_ns; ", "  int64_t deadline_ns;\n  int64_t more; "),
                     ("(*pt_entry_v1)(const pt_host_v1* host)", "(*pt_entry_v1)(void)")):
        assert old in text, f"the self-test looks for `{old}`"
        assert breaks(text, text.replace(old, new, 1)), f"not found: `{old}` became `{new}`"
    assert breaks(text, text) == []


def main():
    present = PRESENT.read_text(encoding="utf-8")
    self_test(present)
    frozen = sorted(FROZEN.glob("abi_*/policytrack_plugin.h"))
    versions = {path.parent.name for path in frozen}
    _, macros, _ = declarations(present)
    newest = f"abi_{macros['PT_ABI_MAJOR']}_{macros[MINOR]}"
    found = [f"{path.parent.name}: {what}" for path in frozen
             for what in breaks(path.read_text(encoding="utf-8"), present)]
    if newest not in versions:
        found.append(f"{newest} is not frozen: copy the header there, with a plugin of its time")
    for path in frozen:
        if not (FROZEN / f"of_{path.parent.name}.c").is_file():
            found.append(f"there is no of_{path.parent.name}.c that is loaded for ever")
    print("\n".join(found) if found else f"{len(frozen)} frozen headers are kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
