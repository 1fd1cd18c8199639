"""Shipped models, each with a card beside it; `Closure.pretrained(name)` loads one."""
