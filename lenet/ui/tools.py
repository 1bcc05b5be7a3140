"""The MCP server: the endpoints for programs as tools of language models, see docs/hosting.md.

    importlib.import_module("lenet.ui.tools")    # before the page is launched with mcp_server=True

What a tool is told of, and how it is reached, is Gradio's; its call is ours.  Gradio's own call

- writes a picture in base64 to the disk, where nobody counts or removes it, and opens no picture that was uploaded,
- sends what trains to this server once more, by HTTP.  To the limits of `lenet.ui.train.queue` all of these would come
  from this machine, or from where a header says; each would hold one of the server's forty threads; and its run would
  go on when the client has left,
- answers in Python's notation rather than in JSON.

Here a picture passes `files.UploadsOnly` like all others, and a call that is no longer waited for is cancelled, and
with it its run.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import anyio
import gradio as gr
import gradio.mcp
from gradio.exceptions import AppError
from gradio.route_utils import get_root_url
from gradio.state_holder import SessionState
from mcp import types
from mcp.server import Server
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import BaseModel

from lenet.ui.shared.bodies import MAX_BODY
from lenet.ui.shared.files import META

PICTURE = (
    "A public web address; or data: and the picture in base64; or the path or address that an upload to this server "
    "answered with, such as of the tool upload_file_to_gradio. It may have 20 MB."
)


class Tools(gradio.mcp.GradioMCPServer):
    """See the module."""

    def create_mcp_server(self) -> Server:
        server: Server = super().create_mcp_server()
        server.call_tool()(self._call)
        return server

    # Gradio takes these two from its server, by these names.
    def StreamableHTTPSessionManager(self, **options: Any) -> Any:  # type: ignore[override]  # noqa: N802
        return StreamableHTTPSessionManager(**options, **_room(StreamableHTTPSessionManager))

    def SseServerTransport(self, path: str) -> Any:  # type: ignore[override]  # noqa: N802
        return SseServerTransport(path, **_room(SseServerTransport))

    # ----------------------------------------------------------------------------------------------
    # What a model is told

    _file_data_tool_description = ""  # PICTURE says it

    def get_tool_to_endpoint(self) -> dict[str, str]:
        """A tool is called as its endpoint is, where Gradio's are called as the functions are."""
        names = self.api_info["named_endpoints"]
        return {self.valid_and_unique_tool_name(self.tool_prefix + name.strip("/"), set()): name for name in names}

    def get_input_schema(
        self, tool_name: str, parameters: dict[str, str] | None = None
    ) -> tuple[dict[str, Any], list[list[str | int]]]:
        schema, pictures = super().get_input_schema(tool_name, parameters)
        for info in self._parameters(tool_name):
            name = info["parameter_name"]
            told = schema["properties"][name]
            if [name] in pictures:
                said = " ".join(filter(None, [told.get("description"), PICTURE]))
                schema["properties"][name] = {"type": "string", "description": said}
            elif info.get("parameter_has_default"):
                told["default"] = info["parameter_default"]  # Gradio leaves out a zero
        return schema | {"additionalProperties": False}, pictures

    def _parameters(self, tool_name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api_info["named_endpoints"][self.tool_to_endpoint[tool_name]]["parameters"]
        return found

    # ----------------------------------------------------------------------------------------------
    # Its call

    async def _call(self, name: str, given: dict[str, Any]) -> types.CallToolResult:
        offered = self.get_selected_tools_from_request() or self.tool_to_endpoint
        if name not in self.tool_to_endpoint or name not in offered:
            return _result([f"There is no tool called {name} here."], failed=True)
        context = self.mcp_server.request_context
        token = context.meta.progressToken if context.meta is not None else None
        last: list[Any] = []
        count = 0
        try:
            async with aclosing(self._answers(name, given, context.request)) as answers:
                async for last in answers:
                    count += 1
                    if token is not None:
                        said, asked = last[0] if isinstance(last[0], str) else None, str(context.request_id)
                        await context.session.send_progress_notification(token, count, None, said, asked)
        except AppError as error:  # `files.UploadsOnly` lets no other out
            return _result([error.message], failed=True)
        return _result(last)

    async def _answers(self, name: str, given: dict[str, Any], request: Any) -> AsyncGenerator[list[Any], None]:
        """What the endpoint answers, until it has, or until this is closed."""
        event = self.get_block_fn_from_endpoint_name(self.tool_to_endpoint[name])
        assert event is not None
        inputs = [given.get(info["parameter_name"], info.get("parameter_default")) for info in self._parameters(name)]
        for place, component in enumerate(event.inputs):
            if isinstance(component, gr.Image):
                inputs[place] = {"path": inputs[place], "meta": META}
        root = get_root_url(request, self.get_route_path(request), self.root_path)
        state, iterator = SessionState(self.blocks), None
        try:
            while True:
                answer = await self.blocks.process_api(
                    block_fn=event,
                    inputs=inputs,
                    state=state,
                    request=gr.Request(request),  # of no session: nothing of it is kept
                    iterator=iterator,
                    root_path=root,
                )
                if iterator is not None and not answer["is_generating"]:
                    return  # there was no more
                iterator = answer["iterator"]
                yield answer["data"]
                if not answer["is_generating"]:
                    return
        finally:
            if iterator is not None:
                with anyio.CancelScope(shield=True):
                    await iterator.aclose()


def _room(transport: type) -> dict[str, Any]:
    """The size of requests for it: mcp takes 4 MiB, which a photo exceeds; before 1.29 it took any."""
    known = inspect.signature(transport).parameters
    return {name: MAX_BODY for name in ("max_request_body_size",) if name in known}


def _result(answers: list[Any], failed: bool = False) -> types.CallToolResult:
    said = [types.TextContent(type="text", text=_text(answer)) for answer in answers if answer is not None]
    return types.CallToolResult(content=[*said], isError=failed)


def _text(answer: Any) -> str:
    """A sentence as it is, of a file its address, and all else as JSON."""
    value = answer.model_dump() if isinstance(answer, BaseModel) else answer
    if isinstance(value, dict) and value.get("meta") == META:
        value = value["url"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


logging.getLogger("mcp.server").setLevel(logging.ERROR)  # else whatever a client calls a tool goes into the log
setattr(gradio.mcp, "GradioMCPServer", Tools)  # noqa: B010 - for mypy
