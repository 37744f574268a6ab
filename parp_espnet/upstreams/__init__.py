"""Self-supervised upstreams: loading them safely, and making small ones."""
