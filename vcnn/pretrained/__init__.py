"""Models that come with the package; each has a card beside it. Load one with
`Closure.pretrained(name)`.
"""
