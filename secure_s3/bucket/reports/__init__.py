"""An audit as text, JSON, SARIF and a page of HTML."""
