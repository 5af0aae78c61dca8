"""The engine that needs no server: llama.cpp from a prebuilt wheel, run as a child process."""
