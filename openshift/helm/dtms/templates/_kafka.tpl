{{/* One broker that is its own controller. Java is started without the image's scripts: they write beside the program. */}}
{{- define "dtms.kafka" -}}
{{- $values := index .Values.workloads "dtms-kafka" -}}
- name: dtms-kafka
  component: storage
  runtime: amq
  port: 9092
  portName: kafka
  grace: 60
  initContainers:
    - name: format
      image: {{ .Values.images.kafka }}
      command:
        - java
        - -Xmx128m
        - -XX:TieredStopAtLevel=1
        - -Dlog4j2.configurationFile=/etc/kafka/log4j2.yaml
        - -cp
        - /opt/kafka/libs/*
        - kafka.tools.StorageTool
        - format
        - --ignore-formatted
        - --cluster-id
        - ZHRtcy1zaW5nbGUtbm9kZQ
        - --config
        - /etc/kafka/server.properties
      resources:
        requests: { cpu: 200m, memory: 256Mi }
        limits: { cpu: 1000m, memory: 512Mi }
      {{- include "dtms.containerSecurity" . | nindent 6 }}
      volumeMounts: &mounts
        - name: data
          mountPath: /var/lib/kafka
        - name: config
          mountPath: /etc/kafka
          readOnly: true
        - name: tmp
          mountPath: /tmp
  container:
    image: {{ .Values.images.kafka }}
    command:
      - java
      - -Xms{{ $values.heapMiB }}m
      - -Xmx{{ $values.heapMiB }}m
      - -XX:+UseSerialGC
      - -XX:+ExitOnOutOfMemoryError
      - -Djava.awt.headless=true
      - -Dlog4j2.configurationFile=/etc/kafka/log4j2.yaml
      - -cp
      - /opt/kafka/libs/*
      - kafka.Kafka
      - /etc/kafka/server.properties
    startupProbe:
      tcpSocket: { port: kafka }
      periodSeconds: 3
      timeoutSeconds: 5
      failureThreshold: 100
    readinessProbe:
      tcpSocket: { port: kafka }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    # The port of the controller: a broker whose clients have to wait is not restarted for it.
    livenessProbe:
      tcpSocket: { port: 9093 }
      periodSeconds: 30
      timeoutSeconds: 10
      failureThreshold: 4
    volumeMounts: *mounts
  volumes:
    - name: data
      persistentVolumeClaim:
        claimName: dtms-kafka
    - name: config
      configMap:
        name: kafka-config
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end }}
