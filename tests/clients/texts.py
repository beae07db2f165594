"""Texts that programs get wrong: scripts, marks that nobody sees, and what means something to a shell, a
database, a page, a spreadsheet or a parser. All are UTF-8 without NUL and so must come back byte for
byte. What cannot be seen is written as escapes. At most 1 000 bytes each."""

TEXTS = {
    "plain": [
        "Paths for bicycles", "a", "A", "0", "-1", "1e9", "3,14", "0x1F", "007", "1_000", "½ km²", "50 % off", "§ 12a (3) No. 4",
        "A – B — C", "“quoted” ‘text’", "Ünïcödé façade", "Straße nach Łódź", "Þórr & Ægir", "ΑΒΓ αβγς", "ЯБЛОКО яблоко",
        "İstanbul ıssız", "ǅ ǈ ǋ", "ﬁ ﬂ ﬃ", "①②③ ⅷ ㎞", "€ £ ¥ ₹ ₿", "±∞≠≤≥∑√", "‰ ‱ °C ℃", "𝒜𝔅ℂ 𝟘𝟙𝟚"],
    "scripts": [
        "خطة مسارات الدراجات", "الهدف: ٢٠٠ كم في ٢٠٣٠", "گچپژ ۱۲۳۴", "سڑک کی لمبائی", "תוכנית שבילים", "שָׁלוֹם עֲלֵיכֶם",
        "סך הכול (ק\"מ)", "自行车道计划", "自行車道計畫", "自転車道の計画", "カタカナ ｶﾀｶﾅ ひらがな", "자전거 도로 계획", "\uac01 \u1100\u1161\u11a8",
        "साइकिल पथ योजना", "क्षत्रिय ज्ञ श्री", "সাইকেল পথ", "ਸਾਈਕਲ ਮਾਰਗ", "சைக்கிள் பாதை", "సైకిల్ మార్గం",
        "ಸೈಕಲ್ ಪಥ", "സൈക്കിൾ പാത", "แผนทางจักรยาน", "ແຜນທາງລົດຖີບ", "စက်ဘီးလမ်း", "ផែនការផ្លូវកង់", "དབྱངས་ཅན",
        "ველოსიპედის ბილიკები", "Հեծանվային ուղիներ", "የብስክሌት መንገድ", "ᠮᠣᠩᠭᠣᠯ", "ᐃᓄᒃᑎᑐᑦ", "ᚠᚢᚦᚨᚱᚲ", "𐎠𐎡𐎢 𒀀𒀁", "𓀀𓁐", "ꦲꦏ꧀ꦱꦫ",
        "漢字とKana混じりtext"],
    "beyond the first plane": [
        "𠀀𠀁𠀂", "𠮷野家", "𪚥 (U+2A6A5)", "𫝀𫠝", "𰻞𰻞面", "𡃁𠺢", "㐀㐁 \uf900\uf901", "\u795e \ufa19", "龍龙竜", "𝄞𝄢", "🀄🂡", "𐐷𐐀"],
    "emoji": [
        "🚗", "🚲🛣️", "👩\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "👍🏽 👍🏿", "🇨🇳🇬🇧🇦🇪", "1️⃣ #️⃣", "🧑🏾\u200d🚒", "☺︎ ☺️", "❤\ufe0f\u200d🔥", "\U0001fae0\U0001f6dd"],
    "combining": [
        "é (composed)", "e\u0301 (apart)", "\u00c5 \u212b A\u030a", "ệ = e\u0323\u0302 = e\u0302\u0323", "\u0301 at the start", "n\u0303o",
        "한국 (composed)", "\u1112\u1161\u11ab\u1100\u116e\u11a8 (apart)", "が か\u3099", "q\u0307\u0323 q\u0323\u0307",
        "Z\u0351\u036b\u0343\u036a\u0342\u036b\u033d\u034f\u0334a\u0337\u0310\u0346l\u0322\u0316\u0348g\u0353\u0359\u035ao\u0315\u035e\u035f",
        "a" + "\u0300" * 200, "\u0e01\u0e49\u0e49\u0e49\u0e49\u0e49", "x\u20dd\u20e3", "\u017f \u1e9b \u1e9b\u0323"],
    "not to be seen": [
        "a\u200bb", "a\u200cb\u200dc", "\u2060word joiner\u2060", "soft\u00adhyphen", "\ufeffa byte order mark first",
        "a byte\ufefforder mark within", "\u202eright to left\u202c", "abc\u202dforced\u202c", "\u2066isolated\u2069",
        "\u200eleft\u200f right", "file\u202etxt.exe", "ab\u061cc", "tag\U000e0001\U000e0041", "a\u034fb", "\u180e", "\u3164",
        "variation\ufe00 selector\U000e0100", "interlinear \ufff9a\ufffab\ufffb", "object \ufffc", "replaced \ufffd",
        "private \ue000\uf8ff", "private \U000f0000\U0010fffd", "\ufffe and \uffff", "\ufdd0\ufdef", "\U0001fffe\U0010ffff"],
    "spaces and breaks": [
        " ", "   ", " before", "after ", "two  spaces", "\t", "tab\tin it", "line\nbreak", "carriage\rreturn", "both\r\n", "\n",
        "next\u0085line", "line\u2028separator", "paragraph\u2029separator", "\u00a0", "no\u00a0break", "\u2003em\u2009thin", "\u3000",
        "\u1680ogham", "- not a list", "trailing\n\n\n", "a\n  b\n    c\n"],
    "controls": [
        "\x01", "bell \x07", "back\x08space", "form\x0cfeed", "vertical\x0btab", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1f",
        "delete \x7f", "\x80\x9f", "csi \x9b31m", "\x1a", "\x04", "shift \x0e\x0f"],
    "programs": [
        "'; DROP TABLE documents; --", "1' OR '1'='1", "\" OR \"\"=\"", "Robert'); DELETE FROM series;--", "%' LIKE '%", "_%",
        "$(rm -rf ~)", "`reboot`", "; shutdown -h now", "| tee x && true", "${HOME} $PATH", "%PATH%", "~/x", "* ? [a-z] {a,b}",
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt; &amp; &#0; &nbsp;", "<!-- --> ]]>", "<?php 1 ?>",
        "javascript:alert(1)", "\"><svg/onload=alert(1)>", "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>", "{% raw %}", "%s%s%n%x %d",
        "{0} {name!r} {}", "%(name)s", "\\", "\\\\", "\\n \\t \\0 \\x41 \\u0041", "a\\", "\\\"", "^(a+)+$", ".*", "[", "(((",
        "-- comment", "/* comment */", "# comment", "// comment", "=1+1", "=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)",
        "=HYPERLINK(\"https://example.org\")", "\"a\",\"b\"", "a;b\tc", "../../etc/passwd", "..\\..\\x", "/dev/null", "C:\\CON",
        "file:///x", "plans/paths", "measures/x/targets/y", "commits/1", "https://example.org/?a=1&b=%20#c", "a@example.org",
        "\u0430dmin", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "words that parsers take": [
        "null", "NULL", "nil", "None", "undefined", "NaN", "nan", "Infinity", "-inf", "true", "false", "yes", "no", "on", "off", "~",
        "y", "N", "{}", "[]", "\"\"", "''", "AND", "OR", "NOT", "NOT a", "a OR b", "*", "a*", "*b", "a:b", "a = b", "name = \"x\"",
        "kind: Plan", "- a", "? b", "! c", "& d", "* e", "| f", "> g", "@ h", "` i", "% j", "---", "...", "<<", "key: value # no",
        "'single'", "\"double\"", "it's", "2024-09-05", "2024-09", "12:30:45", "1:20", "0o17", ".5", "1.", "+.inf", "!!str x",
        "_T", "0.1e-400", "9223372036854775808"],
    "long": ["w" * 1000, "長" * 333, "🚲" * 250, "word " * 199 + "word", "a" + "\u0301" * 499, "\"" * 500, "\\" * 500, "\n" * 1000],
}

ALL = [text for texts in TEXTS.values() for text in texts]
