{{/* Probes of the programs of others: (dict "start" PATH "ready" PATH "live" PATH). */}}
{{- define "dtms.probes" -}}
startupProbe:
  httpGet: { path: {{ .start }}, port: http }
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: { path: {{ .ready }}, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
livenessProbe:
  httpGet: { path: {{ .live }}, port: http }
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{- define "dtms.prometheus" -}}
{{- $is := include "dtms.is" . | fromYaml -}}
{{- $values := .Values.workloads.prometheus -}}
- name: prometheus
  component: monitoring
  port: 9090
  {{- if $is.single }}
  connectsTo: [dtms]
  {{- else }}
  connectsTo: [exporter-site-a, exporter-site-b, exporter-site-c, anomaly, dtms-freshness, dtms-api{{ if $is.stream }}, dtms-stream, dtms-producer, alertmanager{{ end }}]
  {{- end }}
  {{- if .Values.components.discovery }}
  serviceAccount: prometheus
  {{- end }}
  container:
    image: {{ .Values.images.prometheus }}
    args:
      - --config.file=/etc/prometheus/config/prometheus.yml
      - --storage.tsdb.path=/prometheus
      - --storage.tsdb.retention.time={{ $values.retentionTime }}
      - --storage.tsdb.retention.size={{ $values.retentionSize }}
      - --web.listen-address=:9090
      # A changed ConfigMap is taken up by itself; there is no lifecycle and no admin API behind the route.
      - --enable-feature=auto-reload-config
      - --config.auto-reload-interval=30s
    env:
      - name: GOMEMLIMIT
        value: {{ $values.goMemLimit }}
    {{- include "dtms.probes" (dict "start" "/-/ready" "ready" "/-/ready" "live" "/-/healthy") | nindent 4 }}
    volumeMounts:
      - name: data
        mountPath: /prometheus
      - name: config
        mountPath: /etc/prometheus/config
        readOnly: true
      - name: rules
        mountPath: /etc/prometheus/rules
        readOnly: true
  volumes:
    - name: data
      persistentVolumeClaim:
        claimName: dtms-prometheus
    - name: config
      configMap:
        name: prometheus-config
    - name: rules
      configMap:
        name: prometheus-rules
{{- end }}

{{- define "dtms.alertmanager" -}}
{{- $values := .Values.workloads.alertmanager -}}
- name: alertmanager
  component: monitoring
  port: 9093
  connectsTo: [dtms-api]
  container:
    image: {{ .Values.images.alertmanager }}
    args:
      - --config.file=/etc/alertmanager/config/$(ALERTMANAGER_CONFIG).yml
      - --storage.path=/alertmanager
      - --web.listen-address=:9093
      - --cluster.listen-address=
    env:
      - name: ALERTMANAGER_CONFIG
        value: {{ $values.config }}
      - name: GOMEMLIMIT
        value: {{ $values.goMemLimit }}
    {{- include "dtms.probes" (dict "start" "/-/healthy" "ready" "/-/ready" "live" "/-/healthy") | nindent 4 }}
    volumeMounts:
      - name: data
        mountPath: /alertmanager
      - name: config
        mountPath: /etc/alertmanager/config
        readOnly: true
      - name: api-key
        mountPath: /etc/alertmanager/secrets
        readOnly: true
      - name: receivers
        mountPath: /etc/alertmanager/receivers
        readOnly: true
  volumes:
    - name: data
      emptyDir:
        sizeLimit: 64Mi
    - name: config
      configMap:
        name: alertmanager-config
    - name: api-key
      secret:
        secretName: dtms-api-key
    - name: receivers
      secret:
        secretName: alertmanager-receivers
        optional: true
{{- end }}

{{/* Everything that it shows is provisioned: nothing is kept, so two pods may live side by side while it is replaced. */}}
{{- define "dtms.grafana" -}}
{{- $values := .Values.workloads.grafana -}}
- name: grafana
  component: monitoring
  port: 3000
  connectsTo: [prometheus]
  surge: true
  container:
    image: {{ include "dtms.grafanaImage" . }}
    env:
      {{- range $name := list "user" "password" }}
      - name: GF_SECURITY_ADMIN_{{ upper $name }}
        valueFrom:
          secretKeyRef:
            name: grafana-admin
            key: admin-{{ $name }}
      {{- end }}
      - name: GF_PATHS_CONFIG
        value: /etc/grafana/config/grafana.ini
      - name: GOMEMLIMIT
        value: {{ $values.goMemLimit }}
    {{- include "dtms.probes" (dict "start" "/healthz" "ready" "/api/health" "live" "/healthz") | nindent 4 }}
    volumeMounts:
      - name: data
        mountPath: /var/lib/grafana
      - name: dashboards
        mountPath: /var/lib/grafana/dashboards
        readOnly: true
      - name: config
        mountPath: /etc/grafana/config
        readOnly: true
      - name: datasources
        mountPath: /etc/grafana/provisioning/datasources
        readOnly: true
      - name: providers
        mountPath: /etc/grafana/provisioning/dashboards
        readOnly: true
      - name: tmp
        mountPath: /tmp
  volumes:
    - name: data
      emptyDir:
        sizeLimit: 256Mi
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- range $volume, $file := dict "config" "grafana.ini" "datasources" "datasources.yaml" "providers" "dashboards.yaml" }}
    - name: {{ $volume }}
      configMap:
        name: grafana-config
        items:
          - key: {{ $file }}
            path: {{ $file }}
    {{- end }}
    - name: dashboards
      projected:
        sources:
          {{- range $path, $_ := .Files.Glob "files/config/grafana-dashboard-*.yaml" }}
          - configMap:
              name: {{ base $path | trimSuffix ".yaml" }}
          {{- end }}
{{- end }}

{{- define "dtms.pushgateway" -}}
- name: pushgateway
  component: monitoring
  port: 9091
  container:
    image: {{ .Values.images.pushgateway }}
    args:
      - --web.listen-address=:9091
      - --persistence.file=
    {{- include "dtms.probes" (dict "start" "/-/healthy" "ready" "/-/ready" "live" "/-/healthy") | nindent 4 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 16Mi
{{- end }}
