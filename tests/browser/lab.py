"""JupyterLab in a headless Chromium, for tests: a server of its own, and hands to work it with."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

import gcmagic

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-dev-shm-usage", "--no-proxy-server"),
)


SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # cells that are not in sight are in the page nevertheless
    "notebook-extension/tracker": {"windowingMode": "none"},
}


def chromium() -> str:
    """The browser that there is; a test without one fails, it does not skip."""
    names = ("chromium", "chromium-browser", "google-chrome")
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError(f"no browser: none of {', '.join(names)} is on the PATH; install one")


@dataclass(frozen=True)
class Server:
    """A running JupyterLab, or Notebook, that serves `folder`."""

    url: str
    token: str
    folder: Path
    application: str = "jupyterlab"

    def address(self, name: str) -> str:
        """Where the notebook called `name` opens, with a fresh workspace."""
        place = "lab/tree" if self.application == "jupyterlab" else "notebooks"
        return f"{self.url}/{place}/{name}?token={self.token}&reset"

    def ask(self, path: str, method: str = "GET") -> int:
        """The status of a request to the server's own interface."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            return answer.status


@contextlib.contextmanager
def serving(home: Path, application: str = "jupyterlab") -> Iterator[Server]:
    """A server that reads and writes nothing outside `home`; `application` may be notebook."""
    folder, settings = home / "notebooks", home / "settings"
    folder.mkdir()
    for place, wanted in SETTINGS.items():
        file = settings / "@jupyterlab" / f"{place}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(wanted))
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(Path(gcmagic.__file__).parents[1]),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder, application)
    command = [
        *(sys.executable, "-m", application, "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={server.token}"),
        f"--{'LabApp' if application == 'jupyterlab' else 'JupyterNotebookApp'}"
        ".expose_app_in_browser=True",
    ]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(server, process, home / "server.log")
        yield server
    finally:
        with contextlib.suppress(OSError):
            server.ask("api/shutdown", "POST")
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            if server.ask("api/status") == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.session?.kernel?.status === 'idle' && panel.content.widgets.length;
}"""
DONE = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.source.trim())
  .every(cell => cell.model.executionCount !== null && cell.model.executionState !== 'running')"""
ACTIVATE = """source => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const at = notebook.widgets.findIndex(cell => cell.model.sharedModel.source.trim() === source);
  notebook.activeCellIndex = at;
  notebook.deselectAll();
}"""
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.id"
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .filter(cell => !(cell.model.sharedModel.getMetadata('tags') || []).includes('raises-exception'))
  .flatMap(cell => cell.model.outputs.toJSON())
  .filter(output => output.output_type === 'error')
  .map(output => output.ename + ': ' + output.evalue)"""
# from the key to the picture that it brings, measured in the page
STOPWATCH = """image => {
  window.gcmagicLatencies = [];
  if (image.gcmagicTimed) return;
  image.gcmagicTimed = true;
  let pressed = null;
  document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
  image.addEventListener('load', () => {
    if (pressed !== null) window.gcmagicLatencies.push(performance.now() - pressed);
    pressed = null;
  });
}"""
BYTES = """async image => {
  const blob = await (await fetch(image.src)).blob();
  const reader = new FileReader();
  await new Promise(done => { reader.onload = done; reader.readAsDataURL(blob); });
  return reader.result.split(',')[1];
}"""


class Notebook:
    """One notebook, open in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(
        cls, browser: Browser, server: Server, path: Path, width: int = 1400, zoom: float = 1
    ) -> Notebook:
        """Open a copy of the notebook at `path`, with its kernel ready."""
        notebook = json.loads(path.read_text())
        # the kernel of this very interpreter; without a name JupyterLab asks for one
        notebook["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        (server.folder / path.name).write_text(json.dumps(notebook))
        return cls._at(browser, server, path.name, width, zoom)

    @classmethod
    def _at(cls, browser: Browser, server: Server, name: str, width: int, zoom: float) -> Notebook:
        page = browser.new_page(
            viewport={"width": round(width / zoom), "height": round(1000 / zoom)},
            device_scale_factor=zoom,
        )
        page.set_default_timeout(30_000)
        page.goto(server.address(name))
        page.wait_for_function(IDLE, timeout=60_000)
        return cls(page)

    @classmethod
    def reopen_without_kernel(cls, browser: Browser, server: Server, name: str) -> Notebook:
        """Open the notebook as it was saved, on a machine that has no such kernel."""
        path = server.folder / name
        notebook = json.loads(path.read_text())
        notebook["metadata"]["kernelspec"] = {"name": "gone", "display_name": "Gone"}
        copy = server.folder / f"reopened-{name}"
        copy.write_text(json.dumps(notebook))
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(30_000)
        page.goto(server.address(copy.name))
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length", timeout=60_000
        )
        assert not page.evaluate(KERNEL)
        return cls(page)

    def save(self) -> None:
        """Save, and wait until nothing is left to be saved."""
        self.command("docmanager:save")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def edit(self, source: str, other: str) -> None:
        """Put another source into the first cell that has this one."""
        self.page.evaluate(ACTIVATE, source)
        self.page.evaluate(
            """other => window.jupyterapp.shell.currentWidget.content.activeCell.model
            .sharedModel.setSource(other)""",
            other,
        )

    def command(self, name: str, arguments: dict[str, object] | None = None) -> None:
        """Run a command of JupyterLab, ``notebook:run-all-cells``."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args)",
            [name, arguments or {}],
        )

    def run_all(self, seconds: float = 60) -> None:
        """Run every cell and wait for the last; an error in any is an AssertionError."""
        self.command("notebook:run-all-cells")
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        """Until no cell is left to run; an error leaves those after it, so it ends the wait."""
        end = time.monotonic() + seconds
        done = False
        while not done and time.monotonic() < end:
            errors = self.page.evaluate(ERRORS)
            assert not errors, errors
            done = self.page.evaluate(DONE)
            self.page.wait_for_timeout(50)
        assert done, f"cells were still running after {seconds} s"

    def execute(self, code: str) -> None:
        """Run code in the notebook's kernel, outside of any cell."""
        self.page.evaluate(
            """code => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({code}).done""",
            code,
        )

    def outputs(self) -> list[str]:
        """The text of the outputs as it is shown."""
        return self.page.locator(".jp-OutputArea-output").all_inner_texts()

    def theme(self, dark: bool) -> None:
        """Switch JupyterLab to its dark or its light theme."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light",
            arg="false" if dark else "true",
        )

    def run_cell_with(self, source: str, seconds: float = 60) -> None:
        """Run the first cell whose source this is, and wait for it."""
        self.page.evaluate(ACTIVATE, source)
        self.command("notebook:run-cell")
        self._wait(seconds)

    def panels(self) -> int:
        """How many panels are shown."""
        return self.page.locator("img.widget-image").count()

    def panel(self, place: int = 0) -> Panel:
        """The panel that is number `place` from the top."""
        return Panel(self.page, place)


class Panel:
    """The sliders under a report, as a user meets them."""

    def __init__(self, page: Page, place: int = 0) -> None:
        self.page = page
        image = page.locator("img.widget-image")
        image.nth(place).wait_for()
        box = page.locator(".jupyter-widgets.widget-vbox")
        self.box = box.filter(has=page.locator("img.widget-image")).nth(place)
        self.box.scroll_into_view_if_needed()

    @property
    def image(self) -> Locator:
        return self.box.locator("img.widget-image")

    @property
    def status(self) -> str:
        """The line of text below the picture."""
        return self.box.locator("[role=status]").inner_text()

    @property
    def readout(self) -> str:
        """Epsilon as the slider writes it."""
        return self.box.locator(".widget-readout").inner_text()

    def picture(self) -> bytes:
        """The bytes of the picture that is shown."""
        return base64.b64decode(self.image.evaluate(BYTES))

    def press(self, *keys: str) -> None:
        """Press keys on the slider: Home, PageUp (arrows do not arrive everywhere)."""
        handle = self.box.locator(".widget-slider .noUi-handle")
        handle.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, share: float) -> None:
        """Take the handle of the slider to this share of its length, in some steps."""
        handle = self.box.locator(".widget-slider .noUi-handle").bounding_box()
        track = self.box.locator(".widget-slider .noUi-base").bounding_box()
        assert handle is not None
        assert track is not None
        y = handle["y"] + handle["height"] / 2
        self.page.mouse.move(handle["x"] + handle["width"] / 2, y)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + share * track["width"], y, steps=12)
        self.page.mouse.up()

    def type(self, epsilon: str) -> None:
        """Write epsilon beside the slider."""
        readout = self.box.locator(".widget-readout")
        readout.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(epsilon)
        self.page.keyboard.press("Enter")

    def layers(self) -> list[str]:
        """What the selector offers."""
        return self.box.locator(".gcmagic-layers button").all_inner_texts()

    def select(self, layer: str) -> None:
        """Choose in the selector, by its words, with the keyboard."""
        self.box.locator(".gcmagic-layers button", has_text=layer).press("Enter")

    def look(self, view: str) -> None:
        """Choose a view, by its words."""
        self.box.locator(".widget-dropdown select").select_option(label=view)

    def choose(self, point: str) -> None:
        """Press the button of a point."""
        self.box.locator(".widget-toggle-button", has_text=point).click()

    def wait_for_status(self, part: str, seconds: float = 20) -> str:
        """Until the status holds `part`; the whole of it."""
        status = self.box.locator("[role=status]", has_text=part)
        status.wait_for(timeout=1000 * seconds)
        return status.inner_text()

    def wait_for_picture(self, other_than: bytes, seconds: float = 10) -> bytes:
        """Until the picture is another one; its bytes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Exception):  # the address may be replaced while it is read
                shown = self.picture()
                if shown != other_than:
                    return shown
            self.page.wait_for_timeout(20)
        raise AssertionError(f"the same picture after {seconds} s; status: {self.status}")

    def latencies(self, *keys: str) -> list[float]:
        """Milliseconds from each key to the picture that it brings."""
        self.image.evaluate(STOPWATCH)
        for count, key in enumerate(keys, 1):
            self.press(key)
            self.page.wait_for_function(
                "count => window.gcmagicLatencies.length >= count", arg=count, timeout=10_000
            )
            self.page.wait_for_timeout(150)
        return self.page.evaluate("window.gcmagicLatencies")
