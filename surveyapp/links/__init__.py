"""Links that open a form, and the QR codes that carry them."""
