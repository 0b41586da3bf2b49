"""The small faults that can be planted in a C file of this project: one changed token, one statement less."""

import collections
import hashlib
import re

# Where it is planted: offset and length in the file; what it says instead.
Fault = collections.namedtuple("Fault", "file function line old new start length replacement id")
Token = collections.namedtuple("Token", "kind text start")

TOKEN = re.compile(r"""
    (?P<skip>/\*.*?\*/ | //[^\n]* | (?<=\n)[ \t]*\#(?:\\\n|[^\n])* | \s+)
  | (?P<text>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>[0-9][0-9A-Za-z_.]*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL)

OTHER_SIGN = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
              "++": "--", "--": "++", "+=": "-=", "-=": "+="}
OTHER_WORD = {"true": "false", "false": "true", "continue": "break"}
KEYWORDS = {"if", "else", "for", "while", "do", "switch", "case", "return", "sizeof", "goto", "break", "continue"}
# Without one of these something leaks; the sanitizers see that, and nothing else does.
RELEASES = re.compile(r"(?:\w*_)?(?:free|close|finalize|end|destroy)$|va_end$|PQclear$|PQfinish$|cJSON_Delete$"
                      r"|fclose$|freeaddrinfo$|regfree$")


def body_tokens(text):
    """The tokens of functions' bodies, a list for each: a body stands between a { and a } at a line's start."""
    bodies, body = [], None
    for match in TOKEN.finditer(text):
        kind, token, start = match.lastgroup, match.group(), match.start()
        at_line_start = start > 0 and text[start - 1] == "\n"
        if kind == "skip":
            continue
        if token == "{" and at_line_start:
            body = []
            bodies.append(body)
        elif token == "}" and at_line_start:
            body = None
        elif body is not None:
            body.append(Token(kind, token, start))
    return bodies


def closing(tokens, at):
    """The index of the bracket that closes the one at this index."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += (tokens[i].text in "([") - (tokens[i].text in ")]") if tokens[i].kind == "sign" else 0
        if depth == 0:
            return i
    return at


def starts_statement(text, tokens, i):
    if i == 0 or tokens[i - 1].text in (";", "{", "}", "else", "do"):
        return True
    # The only statement of an if or a loop stands on a line of its own.
    return tokens[i - 1].text == ")" and not text[text.rfind("\n", 0, tokens[i].start) + 1:tokens[i].start].strip()


def statement_end(tokens, i):
    """The index of the semicolon that ends the call or assignment that starts here, or None."""
    called = None
    if [token.text for token in tokens[i:i + 3]] == ["(", "void", ")"]:
        i += 3
    while i < len(tokens) and tokens[i].text == "*":
        i += 1
    if i >= len(tokens) or tokens[i].kind != "word" or tokens[i].text in KEYWORDS:
        return None
    called = tokens[i].text
    i += 1
    while i < len(tokens):
        sign = tokens[i].text
        if sign in ("->", "."):
            i += 2
        elif sign == "[":
            i = closing(tokens, i) + 1
        elif sign == "(" and tokens[i - 1].text == called and not RELEASES.match(called):
            i = closing(tokens, i) + 1
            return i if i < len(tokens) and tokens[i].text == ";" else None
        elif sign == "=" or (len(sign) > 1 and sign.endswith("=") and sign not in OTHER_SIGN) or sign in ("+=", "-="):
            while i < len(tokens) and tokens[i].text != ";":
                i = closing(tokens, i) + 1 if tokens[i].text in ("(", "[") else i + 1
            return i if i < len(tokens) else None
        else:
            return None
    return None


def is_binary(tokens, i):
    before = tokens[i - 1] if i else None
    if not before or before.text in KEYWORDS:
        return False
    return before.kind in ("word", "number") or before.text in (")", "]")


def sizes_array(tokens, i):
    """Whether this stands in a declared array's size: one more or less there is for the sanitizers to see."""
    while i > 0 and tokens[i].text not in ("[", ";", "{", "}", "="):
        i -= 1
    return i > 1 and tokens[i].text == "[" and tokens[i - 1].kind == "word" and \
        (tokens[i - 2].text == "*" or tokens[i - 2].kind == "word" and tokens[i - 2].text not in KEYWORDS)


def other_constants(headers):
    """For each constant of an enum, the next one of the same enum."""
    other = {}
    for text in headers:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
        for values in re.findall(r"\benum \w+ \{(.*?)\}", text, flags=re.DOTALL):
            names = re.findall(r"(?:^|,)\s*([A-Z]\w*)", values)
            other.update(zip(names, names[1:] + names[:1]) if len(names) > 1 else ())
    return other


def changes(text, tokens, i, constants):
    """What the token at this index, or the statement that starts there, may become: (end of the old, new)."""
    token = tokens[i]
    end = token.start + len(token.text)
    after = tokens[i + 1].text if i + 1 < len(tokens) else ""
    if starts_statement(text, tokens, i):
        last = statement_end(tokens, i)
        if last is not None:
            yield tokens[last].start, ""
    if token.kind == "sign" and token.text in OTHER_SIGN:
        yield end, OTHER_SIGN[token.text]
    elif token.text in ("+", "-") and is_binary(tokens, i) and not sizes_array(tokens, i):
        yield end, "-" if token.text == "+" else "+"
    elif token.text == "!":
        yield end, ""
    elif token.kind == "number" and re.fullmatch(r"0|[1-9][0-9]*", token.text) and \
            not (i and tokens[i - 1].text == "-" and not is_binary(tokens, i - 1)) and not sizes_array(tokens, i):
        yield end, str(int(token.text) + 1)
        if token.text != "0":
            yield end, str(int(token.text) - 1)
    elif token.text in OTHER_WORD:
        yield end, OTHER_WORD[token.text]
    elif token.text in constants and i and tokens[i - 1].text in ("return", "?", ":") and after in (";", ":"):
        yield end, constants[token.text]


def one_line(text):
    return " ".join(text.split())


def line_at(text, start):
    first = text.rfind("\n", 0, start) + 1
    return first, text[first:text.find("\n", start)]


def function_at(text, start):
    """The name of the function whose body this is in."""
    head = text.rfind("\n{", 0, start)
    names = re.findall(r"(\w+)\((?:[^()]|\([^()]*\))*\)$", text[max(0, head - 1000):head])
    return names[-1] if names else ""


def faults_of(path, text, constants):
    """All faults that can be planted in the file. An id names the line's text and not its number, so that it
    stays when another part of the file changes."""
    seen = collections.Counter()
    for tokens in body_tokens(text):
        for i, token in enumerate(tokens):
            for end, new in changes(text, tokens, i, constants):
                first, line = line_at(text, token.start)
                old = text[token.start:end]
                changed = text[first:token.start] + new + text[end:text.find("\n", end)]
                place = f"{path}\n{line.strip()}\n{token.start - first}\n{old}\n{new}"
                seen[place] += 1
                yield Fault(path, function_at(text, token.start), text.count("\n", 0, token.start) + 1,
                            one_line(text[first:text.find("\n", end)]), one_line(changed), token.start,
                            end - token.start, new,
                            hashlib.sha256(f"{place}\n{seen[place]}".encode()).hexdigest()[:16])


def in_order(faults, seed):
    """All of them, in the order in which this seed has them."""
    return sorted(faults, key=lambda fault: hashlib.sha256(f"{seed}\n{fault.id}".encode()).digest())
