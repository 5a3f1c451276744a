"""The words of a query: signs and keywords that Trino's grammar does not have.

Source: Trino's grammar, `core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4`, and
its list of reserved words, trino.io/docs/current/language/reserved.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot.tokenizer_core import TokenType

from sagetabular.jobs.athena_sql.refusals import RefusalError, refuse_foreign
from sagetabular.jobs.athena_sql.trino.types import TYPE_NAMES

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

# Words that are no names in Trino unless they stand in quotes.
_RESERVED = frozenset(
    """
    ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE
    CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE
    DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL
    GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT
    JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE
    NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE
    UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
    """.split()  # noqa: SIM905  (a list of words reads best as one)
)
_ENDS = ("FROM", ")", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "")
# Operators by their text → what to write.
_OPERATORS = {
    "::": "CAST(x AS type)",
    "==": "=",
    "<=>": "IS NOT DISTINCT FROM",
    "//": "/",
    "**": "power(x, y)",
    "^": "power(x, y)",
    "~": "regexp_like(x, pattern)",
    "&": "bitwise_and(x, y)",
    "|": "bitwise_or(x, y)",
    "#": "bitwise_xor(x, y)",
    "<<": "bitwise_left_shift(x, n)",
    ">>": "bitwise_right_shift(x, n)",
    ":=": "=",
    "{": "row(x, y)",
    "?": "a parameter :name",
    "$": "a parameter :name",
    "@": "a parameter :name",
    "`": 'quotes: "name"',
}
_WORDS = {
    "ASOF": "a join with a window function",
    "GLOB": "LIKE",
    "ILIKE": "lower(x) LIKE lower(pattern)",
    "ISNULL": "IS NULL",
    "NOTNULL": "IS NOT NULL",
    "QUALIFY": "a WHERE around it",
    "REGEXP": "regexp_like(x, pattern)",
    "RLIKE": "regexp_like(x, pattern)",
}


def check_words(tokens: list[Token]) -> None:
    """Refuse the words and signs of other engines' SQL.

    Raises:
        RefusalError: At the first one.
    """
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if _is_string(token) or token.token_type == TokenType.IDENTIFIER:
            _check_text(token, before)
        else:
            _check_sign(token, before, after)
            _check_word(tokens, place)


def _check_text(token: Token, before: Token | None) -> None:
    named = before is not None and (before.text.upper() == "AS" or _is_string(before))
    if named and _is_string(token):
        refuse_foreign(token.line, f"the alias '{token.text}'", f'AS "{token.text}"')


def _check_sign(token: Token, before: Token | None, after: Token | None) -> None:
    following = after.text.upper() if after is not None and not _is_string(after) else ""
    ends = after is None or (following in _ENDS and not _is_string(after))
    if token.token_type == TokenType.COMMA and ends:
        raise RefusalError(
            f"there must be no comma before {following or 'the end'}.",
            "Take the comma out.",
            token.line,
        )
    if token.text in _OPERATORS and token.token_type != TokenType.VAR:
        refuse_foreign(token.line, token.text, _OPERATORS[token.text])
    if token.text.startswith("$"):
        refuse_foreign(token.line, token.text, _OPERATORS["$"])
    if token.text == "%" and (after is None or after.text.upper() in (*_ENDS, "OFFSET")):
        refuse_foreign(token.line, "LIMIT n %", "LIMIT n")
    if token.text == "*" and following == "*":
        refuse_foreign(token.line, "**", _OPERATORS["**"])
    if token.text == "[" and not _follows_value(before):
        refuse_foreign(token.line, "[…]", "ARRAY[…]")


def _check_word(tokens: list[Token], place: int) -> None:
    token, word = tokens[place], tokens[place].text.upper()
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if word in _WORDS and _is_operator(before):
        refuse_foreign(token.line, word, _WORDS[word])
    if word == "FROM" and (before is None or before.text == "(") and not _in_call(tokens, place):
        refuse_foreign(token.line, "FROM before SELECT", "SELECT * FROM …")
    of_text = after is not None and _is_string(after) and not _in_arguments(tokens, place)
    if word in ("FROM", "JOIN") and of_text:
        refuse_foreign(token.line, f"{word} '…'", "FROM ${table}")
    if word == "OFFSET" and before is not None and _limit_before(tokens, place):
        raise RefusalError("OFFSET must stand before LIMIT.", "Write OFFSET n LIMIT m.", token.line)
    if word == "INTERVAL" and after is not None and after.token_type == TokenType.NUMBER:
        refuse_foreign(token.line, f"INTERVAL {after.text}", f"INTERVAL '{after.text}' DAY")
    if word == "PERCENT" and before is not None and before.token_type == TokenType.NUMBER:
        refuse_foreign(token.line, "LIMIT n PERCENT", "LIMIT n")
    if word in _RESERVED and before is not None and before.text.upper() == "AS":
        refuse_foreign(token.line, f"AS {token.text}", f'AS "{token.text}": the word is reserved')
    if word in ("CAST", "TRY_CAST") and after is not None and after.text == "(":
        _check_type(tokens, place + 1)


def _in_call(tokens: list[Token], place: int) -> bool:
    """Return whether a bracket before a word opens the arguments of a function."""
    name = tokens[place - 2] if place > 1 else None
    return name is not None and name.token_type == TokenType.VAR


def _in_arguments(tokens: list[Token], place: int) -> bool:
    """Return whether the brackets around a word hold arguments, and no SELECT."""
    depth = 0
    for before in range(place - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[before].text, 0)
        if depth < 0:
            return tokens[before + 1].text.upper() not in ("SELECT", "WITH", "FROM")
    return False


def _is_string(token: Token) -> bool:
    return token.token_type == TokenType.STRING


def _is_operator(before: Token | None) -> bool:
    """Return whether a word can be an operator there, and not a name."""
    return before is not None and before.text.upper() not in (
        ",", "(", ".", "AS", "SELECT", "BY", "AND", "OR", "NOT", "WHERE", "ON", "=", "<", ">", "+",
        "-", "*", "/", "%", "DISTINCT", "HAVING", "WHEN", "THEN", "ELSE", "CASE", "FROM", "JOIN",
    )  # fmt: skip


def _follows_value(before: Token | None) -> bool:
    return before is not None and (
        before.text.upper() in ("ARRAY", ")", "]", "END")
        or before.token_type in (TokenType.VAR, TokenType.IDENTIFIER)
    )


def _limit_before(tokens: list[Token], place: int) -> bool:
    """Return whether LIMIT stands before, in the same brackets."""
    depth = 0
    for token in reversed(tokens[:place]):
        depth += {")": 1, "(": -1}.get(token.text, 0)
        if depth < 0 or (depth == 0 and token.text.upper() == "SELECT"):
            return False
        if depth == 0 and token.text.upper() == "LIMIT":
            return True
    return False


def _check_type(tokens: list[Token], opening: int) -> None:
    """Refuse a type that Trino does not have, in the brackets of a CAST."""
    depth = 0
    for place in range(opening, len(tokens) - 1):
        depth += {"(": 1, ")": -1}.get(tokens[place].text, 0)
        if depth == 0:
            return
        if depth == 1 and tokens[place].text.upper() == "AS":
            name = tokens[place + 1]
            if name.text.lower() not in TYPE_NAMES:
                raise RefusalError(
                    f"Athena has no type {name.text}.",
                    "Write varchar, double, real, bigint, integer, decimal(p, s), boolean, date "
                    "or timestamp.",
                    name.line,
                )
            return
