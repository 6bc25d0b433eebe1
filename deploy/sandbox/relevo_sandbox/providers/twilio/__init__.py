"""The part of Twilio's API that sending needs."""
