"""What those who run the bot see of it: whether it works, how well, and what became of a question.

Numbers and health are served over HTTP, logs carry the id of the request they belong to, and spans
go to a collector of OpenTelemetry's. None of it tells what people asked, or who they are.
"""
