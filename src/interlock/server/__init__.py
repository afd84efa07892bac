"""The server SDK: functions become tools, resources and prompts, served to every client."""
