"""Logs of every kind of agent in which each text that must not be kept is a canary that names its place."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

NOW = time.time_ns() // 1_000_000
ISO = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW / 1000))
FILE, PROGRAM = "KEPT-file.py", "KEPT-program"
"""What may be kept, unless the settings say otherwise."""


def secret(place: str) -> str:
    return f"CANARY-{place}"


def command(place: str) -> str:
    """A command line, of which the name of the program may be kept."""
    hidden = (secret(f"{place}-{part}") for part in ("variable", "folder", "argument", "quoted"))
    variable, folder, argument, quoted = hidden
    return f"TOKEN={variable} cd {folder} && sudo -E {PROGRAM} --key {argument} '{quoted}'"


def json_lines(file: Path, *values: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(value) + "\n" for value in values))


class ClaudeLines:
    """The lines of a transcript of one session, written in one folder."""

    def __init__(self, root: Path) -> None:
        about = {"sessionId": "s-1", "cwd": str(root), "version": "2.1.197", "timestamp": ISO}
        self.base = {**about, "uuid": secret("uuid")}

    def user(self, content: Any, **more: Any) -> dict[str, Any]:
        return {"type": "user", **self.base, "message": {"role": "user", "content": content}, **more}

    def assistant(self, number: int, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
        usage = {"input_tokens": 1, "output_tokens": 2, "service_tier": secret("tier")}
        message = {"id": f"m{number}", "model": "claude-sonnet-4-5", "usage": usage, "content": list(blocks)}
        return {"type": "assistant", **self.base, "message": message | {"stop_reason": None}, **more}

    def call(self, number: int, name: str, **given: Any) -> dict[str, Any]:
        block = {"type": "tool_use", "id": f"t{number}", "name": name, "input": given}
        return self.assistant(number, block)

    def result(self, number: int, place: str, **more: Any) -> dict[str, Any]:
        block = {"type": "tool_result", "tool_use_id": f"t{number}", "content": secret(place), **more}
        stdout = {"stdout": secret(f"{place}-stdout"), "filePath": secret(f"{place}-path")}
        return self.user([block], toolUseResult=stdout)


def claude_code(home: Path, root: Path) -> None:
    """A transcript, a sub-agent's, the registry and the hooks."""
    lines = ClaudeLines(root)
    folder = home / ".claude" / "projects" / "-shop"
    json_lines(folder / "s-1.jsonl", *claude_talk(lines, root))
    claude_sub_agent(lines, folder / "s-1" / "subagents")
    entry = {"pid": os.getpid(), "sessionId": "s-1", "cwd": str(root), "name": secret("session-name")}
    json_lines(home / ".claude" / "sessions" / f"{os.getpid()}.json", {**entry, "status": "busy"})
    hook = {
        "at": NOW,
        "agent": "claude-code",
        "event": "PreToolUse",
        "session_id": "s-1",
        "tool_name": "Bash",
    }
    given = {"prompt": secret("hook-prompt"), "tool_input": {"command": secret("hook-input")}}
    json_lines(home / "spool" / "s-1.jsonl", {**hook, **given, "tool_response": secret("hook-response")})


def claude_talk(lines: ClaudeLines, root: Path) -> list[dict[str, Any]]:
    """Every kind of line that a transcript has."""
    base, call, result = lines.base, lines.call, lines.result
    edit = {"file_path": f"{root}/{FILE}", "old_string": secret("old"), "new_string": secret("new")}
    failed = {"content": [{"type": "text", "text": secret("api-error")}], "model": "<synthetic>"}
    thinking = {"type": "thinking", "thinking": secret("thinking"), "signature": secret("signature")}
    return [
        lines.user(secret("prompt")),
        {"type": "queue-operation", **base, "content": secret("queued")},
        {"type": "attachment", **base, "attachment": {"content": secret("attachment")}},
        {"type": "ai-title", **base, "title": secret("title")},
        {"type": "last-prompt", **base, "lastPrompt": secret("last-prompt")},
        {"type": "summary", "summary": secret("summary"), "leafUuid": "x"},
        {"type": "file-history-snapshot", "snapshot": {"content": secret("snapshot")}},
        lines.assistant(1, thinking),
        lines.assistant(1, {"type": "text", "text": secret("answer")}),
        call(1, "Bash", command=command("bash"), description=secret("description")),
        result(1, "output", is_error=True),
        call(2, "Edit", **edit),
        result(2, "edited"),
        call(3, "WebFetch", url=secret("url"), prompt=secret("fetch-prompt")),
        result(3, "page"),
        call(4, "mcp__db__query", sql=secret("sql"), password=secret("password")),
        result(4, "rows"),
        {"type": "assistant", **base, "message": failed, "isApiErrorMessage": True, "error": "overloaded"},
        lines.user([{"type": "text", "text": secret("prompt-block")}]),
        call(5, "AskUserQuestion", questions=[{"question": secret("question")}]),
    ]


def claude_sub_agent(lines: ClaudeLines, folder: Path) -> None:
    aside = {"isSidechain": True, "agentId": "a1"}
    answer = lines.assistant(9, {"type": "text", "text": secret("sub-answer")}, **aside)
    json_lines(folder / "agent-a1.jsonl", lines.user(secret("task"), **aside), answer)
    meta = {"agentType": "Explore", "description": secret("sub-description")}
    (folder / "agent-a1.meta.json").write_text(json.dumps(meta))


def codex(home: Path, root: Path) -> None:
    """A rollout."""

    def line(kind: str, **payload: Any) -> dict[str, Any]:
        return {"timestamp": ISO, "type": kind, "payload": payload}

    def item(kind: str, **values: Any) -> dict[str, Any]:
        return line("response_item", type=kind, **values)

    def event(kind: str, **values: Any) -> dict[str, Any]:
        return line("event_msg", type=kind, **values)

    given = json.dumps({"cmd": command("exec"), "justification": secret("justification")})
    patch = f"*** Begin Patch\n*** Update File: {root}/{FILE}\n-{secret('removed')}\n+{secret('added')}\n"
    git = {"repository_url": f"https://{secret('credentials')}@example.org/x.git"}
    policy = {"model": "gpt-5-codex", "approval_policy": "on-request", "user_instructions": secret("mine")}
    done = {"type": "CommandExecution", "id": "c3", "command": secret("completed-command")}
    json_lines(
        home / ".codex" / "sessions" / "2026" / "01" / "01" / "rollout-1.jsonl",
        line("session_meta", id="s-1", timestamp=ISO, cwd=str(root), instructions=secret("system"), git=git),
        event("task_started", model_context_window=258_400),
        line("turn_context", cwd=str(root), **policy),
        item("message", role="user", content=[{"type": "input_text", "text": secret("prompt")}]),
        event("user_message", message=secret("user-message"), images=[secret("image")]),
        item("reasoning", summary=[{"text": secret("reasoning")}], encrypted_content=secret("encrypted")),
        event("agent_reasoning", text=secret("agent-reasoning")),
        item("function_call", name="exec_command", call_id="c1", arguments=given),
        item("function_call_output", call_id="c1", output=f"Exit code: 1\n{secret('output')}"),
        item("custom_tool_call", name="apply_patch", call_id="c2", input=patch + "*** End Patch"),
        item("custom_tool_call_output", call_id="c2", output=secret("patched")),
        item("function_call", name="exec_command", call_id="c3", arguments=given),
        event("item_completed", item={**done, "status": "failed", "output": secret("completed-output")}),
        item("web_search_call", action={"query": secret("query")}),
        item(
            "function_call", name="mcp__db__query", call_id="c4", arguments=json.dumps({"q": secret("mcp")})
        ),
        event("stream_error", message=secret("stream-error")),
        event("error", message=f"invalid key {secret('error')}", codex_error_info=secret("error-info")),
    )


def gemini(home: Path, root: Path) -> None:
    """A chat."""
    chats = home / ".gemini" / "tmp" / "shop" / "chats"
    header = {"sessionId": "s-1", "projectHash": "x", "startTime": ISO, "lastUpdated": ISO, "kind": "main"}

    def message(number: int, kind: str, content: Any, **more: Any) -> dict[str, Any]:
        return {"id": f"m{number}", "timestamp": ISO, "type": kind, "content": content, **more}

    def call(number: int, name: str, **args: Any) -> dict[str, Any]:
        told = {"id": f"c{number}", "name": name, "args": args, "status": "success", "timestamp": ISO}
        shown = {"resultDisplay": secret(f"display-{number}"), "description": secret(f"description-{number}")}
        return {**told, **shown, "result": [{"text": secret(f"output-{number}")}]}

    edit = {"file_path": f"{root}/{FILE}", "old_string": secret("old"), "new_string": secret("new")}
    thoughts = [{"subject": secret("subject"), "description": secret("thought")}]
    calls = [
        call(1, "run_shell_command", command=command("shell"), description=secret("why")),
        call(2, "replace", **edit),
        call(3, "web_fetch", prompt=secret("fetch")),
    ]
    first = message(0, "user", [{"text": secret("set-prompt")}])
    json_lines(
        chats / "session-1.jsonl",
        header,
        {"$set": {"messages": [first], "summary": secret("summary")}},
        message(1, "user", [{"text": secret("prompt")}]),
        message(2, "gemini", "", thoughts=thoughts, model="gemini-2.5-pro", toolCalls=calls),
        message(3, "user", [{"functionResponse": {"response": {"output": secret("response")}}}]),
        message(4, "gemini", secret("answer"), thoughts=thoughts, model="gemini-2.5-pro"),
        message(5, "info", secret("info")),
        message(6, "error", f"[API Error: {secret('error')}]"),
    )
    (chats.parent / ".project_root").write_text(str(root))


def opencode(home: Path, root: Path) -> None:
    """A database."""
    file = home / ".local" / "share" / "opencode" / "opencode.db"
    file.parent.mkdir(parents=True)
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(
        "CREATE TABLE session (id, parent_id, directory, title, version, agent, time_created, time_updated,"
        " time_compacting, time_archived);"
        "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
        "CREATE TABLE part (id, message_id, session_id, time_created, time_updated, data);"
        "CREATE TABLE todo (session_id, content);"
    )
    row = ("s-1", None, str(root), secret("title"), "1.18.33", "build", NOW, NOW, None, None)
    db.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    db.execute("INSERT INTO todo VALUES ('s-1', ?)", (secret("todo"),))
    error = {"name": "APIError", "data": {"message": secret("error"), "responseBody": secret("body")}}
    times = {"created": NOW, "completed": NOW}
    messages = (
        {"role": "user", "summary": {"title": secret("summary"), "diffs": [secret("diff")]}},
        {
            "role": "assistant",
            "modelID": "test",
            "time": times,
            "finish": "tool-calls",
            "system": secret("system"),
        },
        {"role": "assistant", "modelID": "test", "time": times, "error": error},
    )
    for number, data in enumerate(messages):
        db.execute(
            "INSERT INTO message VALUES (?, 's-1', ?, ?, ?)", (f"m{number}", NOW, NOW, json.dumps(data))
        )
    edit = {"filePath": f"{root}/{FILE}", "oldString": secret("old"), "newString": secret("new")}
    inputs: tuple[tuple[str, dict[str, Any]], ...] = (
        ("bash", {"command": command("bash"), "description": secret("description")}),
        ("edit", edit),
        ("webfetch", {"url": secret("url")}),
    )
    parts: list[dict[str, Any]] = [{"type": kind, "text": secret(kind)} for kind in ("text", "reasoning")]
    for tool, given in inputs:
        state = {
            "status": "completed",
            "input": given,
            "output": secret(f"{tool}-output"),
            "title": secret("t"),
        }
        state |= {"metadata": {"preview": secret("preview")}, "time": {"start": NOW, "end": NOW}}
        parts.append({"type": "tool", "tool": tool, "callID": f"c-{tool}", "state": state})
    refused = {"status": "error", "input": {"command": command("refused")}, "error": secret("tool-error")}
    parts.append({"type": "tool", "tool": "bash", "callID": "c-refused", "state": refused})
    for number, data in enumerate(parts):
        part = (f"p{number}", "m1", "s-1", NOW, NOW, json.dumps(data))
        db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", part)
    db.close()


def goose(home: Path, root: Path) -> None:
    """A database."""
    file = home / ".local" / "share" / "goose" / "sessions" / "sessions.db"
    file.parent.mkdir(parents=True)
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(
        "CREATE TABLE sessions (id, name, description, working_dir, created_at, updated_at, model_config_json,"
        " extension_data, recipe_json, user_recipe_values_json);"
        "CREATE TABLE messages (id INTEGER PRIMARY KEY, session_id, role, content_json, created_timestamp);"
    )
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(NOW / 1000))
    model = {"model_name": "gpt-4o", "toolshim_model": secret("toolshim"), "api_key": secret("key")}
    texts = [secret(place) for place in ("extension", "recipe", "values")]
    row = ("s-1", secret("name"), secret("about"), str(root), at, at, json.dumps(model), *texts)
    db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def request(number: str, name: str, **given: Any) -> dict[str, Any]:
        call = {"status": "success", "value": {"name": name, "arguments": given}}
        return {"type": "toolRequest", "id": number, "toolCall": call}

    def response(number: str) -> dict[str, Any]:
        content = {"content": [{"type": "text", "text": secret(f"{number}-output")}]}
        return {"type": "toolResponse", "id": number, "toolResult": {"status": "success", "value": content}}

    edit = {"path": f"{root}/{FILE}", "old_str": secret("old"), "new_str": secret("new")}
    asked = {"type": "toolConfirmationRequest", "id": "c3", "toolName": "developer__shell"}
    messages: tuple[tuple[str, list[dict[str, Any]]], ...] = (
        ("user", [{"type": "text", "text": secret("prompt")}, {"type": "image", "data": secret("image")}]),
        (
            "assistant",
            [{"type": "thinking", "thinking": secret("thinking"), "signature": secret("signature")}],
        ),
        ("assistant", [request("c1", "developer__shell", command=command("shell"))]),
        ("user", [response("c1")]),
        ("assistant", [request("c2", "developer__text_editor", command="str_replace", **edit)]),
        ("user", [response("c2")]),
        (
            "assistant",
            [{"type": "text", "text": secret("answer")}, request("c3", "db__query", q=secret("sql"))],
        ),
        ("user", [{**asked, "arguments": {"command": secret("asked")}, "prompt": secret("ask-prompt")}]),
    )
    for role, parts in messages:
        message = ("s-1", role, json.dumps(parts), NOW // 1000)
        db.execute(
            "INSERT INTO messages (session_id, role, content_json, created_timestamp) VALUES (?, ?, ?, ?)",
            message,
        )
    db.close()


def aider(_home: Path, root: Path) -> None:
    """A chat history."""
    (root / ".aider.chat.history.md").write_text(
        f"""
# aider chat started at 2026-01-01 12:00:00

> /usr/bin/aider --openai-api-key {secret("key")} --message {secret("message")}
> Aider v0.86.1
> Main model: anthropic/claude-sonnet-4-5 with diff edit format

#### {secret("prompt")}

{secret("answer")}
```python
{secret("content")}
```

> Tokens: 16k sent, 516 received. Cost: $0.05 message, $0.05 session.
> {command("shell")}
> Run shell command? (Y)es/(N)o [Yes]: y
> Running {command("run")}
> {secret("output")}
> Applied edit to {FILE}
> Commit 3b1c2d4 feat: {secret("subject")}
> litellm.BadRequestError: {secret("error")}
"""
    )
