"""The page on a flow, whoever computed it: numbers, words and pictures of what is read off it."""
