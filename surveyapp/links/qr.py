"""An address as a QR code: for print as SVG, for documents and chat groups as PNG."""

from __future__ import annotations

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_H
from qrcode.image.pil import PilImage
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathFillImage

# A quiet zone of four modules, as ISO/IEC 18004 asks; level H survives a stamp or a crease across the code.
_BORDER, _PIXELS = 4, 12


def png(address: str) -> bytes:
    """Draw an address as a PNG."""
    out = io.BytesIO()
    _code(address).make_image(image_factory=PilImage).save(out, format="PNG")
    return out.getvalue()


def svg(address: str) -> bytes:
    """Draw an address as an SVG that is sharp at any size, on ground of its own: codes are read dark on light."""
    out = io.BytesIO()
    _code(address).make_image(image_factory=SvgPathFillImage).save(out)
    return out.getvalue()


def _code(address: str) -> qrcode.QRCode[PilImage | PyPNGImage]:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_H, border=_BORDER, box_size=_PIXELS)
    code.add_data(address)
    code.make(fit=True)
    return code
