"""Those who want to be told are told: who subscribed, search engines, other hubs."""
