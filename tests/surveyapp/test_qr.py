"""QR codes are read back by another library, from paper as bad as paper gets."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from surveyapp.links import qr

ADDRESSES = [
    "http://127.0.0.1:8000/s/AbCdEfGhIjKlMnOpQrStUv",
    "https://survey.jyj.dezhou.example.gov.cn/yiwujiaoyu/s/-_9876543210abcdefghij",
]


def read(picture: Image.Image) -> zxingcpp.Barcode:
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1, "not exactly one code"
    return found[0]


def drawn(address: str) -> Image.Image:
    return Image.open(io.BytesIO(qr.png(address))).convert("L")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_png_says_exactly_the_address_at_the_highest_correction(address: str) -> None:
    code = read(drawn(address))
    assert code.text == address
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert code.ec_level == "H"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_png_has_its_quiet_zone_of_four_modules(address: str) -> None:
    dark = np.argwhere(np.asarray(drawn(address)) < 128)
    size = drawn(address).size[0]
    # The smallest finder pattern is seven modules wide: from its width the module, from the module the margin.
    first_row = np.asarray(drawn(address))[dark[:, 0].min()] < 128
    start = int(np.argmax(first_row))
    module = int(np.argmin(first_row[start:])) // 7
    assert dark.min() >= 4 * module
    assert dark.max() < size - 4 * module


def test_a_stamp_across_the_code_does_not_hide_the_address() -> None:
    picture = np.array(drawn(ADDRESSES[0]))
    # Less than a tenth of the symbol, in its middle: level H restores some three tenths of the codewords.
    size = picture.shape[0]
    low, high = int(size * 0.37), int(size * 0.60)
    picture[low:high, low:high] = 0
    assert read(Image.fromarray(picture)).text == ADDRESSES[0]


@pytest.mark.browser
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_svg_as_a_browser_draws_it_says_exactly_the_address(address: str, desk: Page) -> None:
    data = base64.b64encode(qr.svg(address)).decode()
    # On dark ground, as a reader's dark mode would show it: the code brings its own light one.
    desk.set_content(f'<body style="background:#000"><img alt="" src="data:image/svg+xml;base64,{data}">')
    shown = Image.open(io.BytesIO(desk.locator("img").screenshot())).convert("L")
    code = read(shown)
    assert code.text == address
    assert code.ec_level == "H"


def test_an_svg_holds_nothing_that_could_run_or_be_fetched() -> None:
    text = qr.svg(ADDRESSES[1]).decode().lower()
    for forbidden in ("<script", "href", "onload", "url(", "<!entity", "http://127"):
        assert forbidden not in text
