"""What all tests need."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell gives that to what it runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
