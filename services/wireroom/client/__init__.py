"""Events to a Wireroom that runs elsewhere, over HTTP; with a folder where they wait while it is away."""
