"""What is in force, in words for people."""

from edge.printable import printable
from edge.state_message import NOTHING_SEEN, STREAM_DEAD, TOO_OLD, ComingSign, DriveState, Rule

WHY = {
    NOTHING_SEEN: "no sign seen yet",
    STREAM_DEAD: "the stream was dead, and no sign seen since",
    TOO_OLD: "no sign repeated it for too long",
}


def state_line(state: DriveState) -> str:
    """All of it in one line."""
    ahead = ", ".join(_coming_text(sign) for sign in state.ahead)
    return rules_line(state) + (f"  ahead: {ahead}" if ahead else "")


def rules_line(state: DriveState) -> str:
    """What is in force, in one line."""
    return (
        f"limit {_value(state.speed_limit):9} no passing {_value(state.no_passing)}, "
        f"heavy {_value(state.no_passing_heavy)}  priority road {_value(state.priority_road)}"
    )


def state_lines(state: DriveState) -> list[str]:
    """All of it as a table of as many lines as there are rules and signs ahead."""
    rules = (
        ("speed limit", state.speed_limit),
        ("no passing", state.no_passing),
        ("… for heavy vehicles", state.no_passing_heavy),
        ("priority road", state.priority_road),
    )
    lines = [f"{name:22}{_value(rule):12}{_origin(rule)}".rstrip() for name, rule in rules]
    return lines + [f"{'ahead':22}{_coming_text(sign)}" for sign in state.ahead]


def _value(rule: Rule) -> str:
    match rule.status:
        case "unknown":
            return "unknown"
        case "ended":
            return "ended"
        case "in-force":
            return "yes" if rule.value is None else printable(f"{rule.value:g} {rule.unit}")


def _origin(rule: Rule) -> str:
    if rule.by is None or rule.confidence is None or rule.age_s is None:
        return WHY.get(rule.why or "", printable(rule.why or ""))
    return f"{rule.change} by #{rule.by.track} {printable(rule.by.name)}, {rule.confidence:.1%}, {rule.age_s:.0f} s old"


def _coming_text(sign: ComingSign) -> str:
    where = sign.place if sign.distance_m is None or sign.place != "ahead" else f"in {sign.distance_m:.0f} m"
    return f"#{sign.track} {printable(sign.name)} ({where}{'' if sign.sure else ', not sure yet'})"
