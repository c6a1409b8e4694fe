/** The directives that nginx 1.26 has and dropfleet may use. Any other is refused, as nginx refuses what it has not. */
export const KNOWN_DIRECTIVES: ReadonlySet<string> = new Set(
  `absolute_redirect access_log add_header alias allow autoindex chunked_transfer_encoding client_body_buffer_size
  client_body_temp_path client_body_timeout client_header_buffer_size client_header_timeout client_max_body_size
  default_type deny error_log error_page etag events expires fastcgi_temp_path gzip gzip_types http http2 if include
  index internal ip_hash keepalive keepalive_requests keepalive_time keepalive_timeout large_client_header_buffers
  least_conn limit_req limit_req_zone lingering_close listen location log_format log_not_found map
  map_hash_bucket_size map_hash_max_size merge_slashes multi_accept pid proxy_buffer_size proxy_buffering
  proxy_buffers proxy_connect_timeout proxy_cookie_path proxy_hide_header proxy_http_version
  proxy_ignore_client_abort proxy_intercept_errors proxy_next_upstream proxy_next_upstream_timeout
  proxy_next_upstream_tries proxy_pass proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_timeout
  proxy_set_header proxy_socket_keepalive proxy_ssl_server_name proxy_temp_path random real_ip_header resolver
  reset_timedout_connection return rewrite root scgi_temp_path send_timeout sendfile server server_name
  server_name_in_redirect server_names_hash_bucket_size server_names_hash_max_size server_tokens set set_real_ip_from
  ssl_certificate ssl_certificate_key ssl_protocols stub_status tcp_nodelay tcp_nopush try_files types
  types_hash_max_size underscores_in_headers upstream user uwsgi_temp_path variables_hash_bucket_size
  variables_hash_max_size worker_connections worker_processes worker_rlimit_nofile worker_shutdown_timeout
  zone`.split(/\s+/),
);

/** Blocks whose lines are no directives. */
export const TABLES: ReadonlySet<string> = new Set(['map', 'types', 'geo', 'split_clients']);
