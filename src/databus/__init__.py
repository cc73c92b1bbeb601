"""A provincial credit-information bus."""
