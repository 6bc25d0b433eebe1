#!/bin/sh
# What the official Kafka image does with its variables: Kafka's own wrapper turns KAFKA_* into a configuration and formats.
set -eu
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
defaults=/tmp/defaults
config=/tmp/config
mkdir -p "$defaults" "$config"
: > "$defaults/server.properties"
cat > "$defaults/log4j2.yaml" <<'YAML'
Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "[%d] %p %m (%c)%n"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        - ref: STDOUT
YAML
cp "$defaults/log4j2.yaml" "$defaults/tools-log4j2.yaml"
java="java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED
    --sun-misc-unsafe-memory-access=allow -cp /opt/kafka/libs/*"
set -f # the * is for Java
# At a second start the folder is formatted, which the wrapper calls a failure and the official image does not.
if ! said=$($java kafka.docker.KafkaDockerWrapper setup --default-configs-dir "$defaults" \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir "$config" 2>&1); then
    case $said in *"already formatted"*) ;; *) echo "$said" >&2; exit 1 ;; esac
fi
exec $java "-Dlog4j2.configurationFile=$config/log4j2.yaml" kafka.Kafka "$config/server.properties"
