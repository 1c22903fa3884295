"""Events over HTTP: what publishing systems push, durable before it is answered."""
