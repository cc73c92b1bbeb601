"""The contracts as Kafka clients ask for them: the reading side of the Confluent Schema Registry API."""
