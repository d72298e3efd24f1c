/// Generates one test per case for a [`Subject`](crate::Subject).
///
/// Invoke it at the root of a test file: the cases about environment variables run the test `child` in a separate
/// process.
#[macro_export]
macro_rules! suite {
    ($subject:ty) => {
        #[test]
        #[ignore = "run by the cases about the environment"]
        fn child() {
            $crate::cases::child::<$subject>();
        }

        $crate::suite! { @cases $subject;
            answers {
                every_status_is_returned
                redirects_are_not_followed
                all_headers_arrive
                requests_arrive_unchanged
                empty_bodies_send_the_right_length
                user_agent_comes_from_settings
                no_state_is_kept_between_requests
                head_responses_have_no_body
                ranges_return_partial_bodies
                body_may_end_with_the_connection
            }
            bodies {
                gzip_is_decompressed
                unknown_encodings_are_left_alone
                truncated_gzip_is_interrupted
                corrupt_gzip_is_a_protocol_error
                chunks_arrive_while_others_are_pending
                unread_body_applies_backpressure
                large_body_arrives_complete
                body_over_the_limit_is_too_large
                truncated_body_is_interrupted
                body_ends_at_its_length
                reset_in_body_is_interrupted
                bad_chunk_length_is_a_protocol_error
            }
            connections {
                sequential_requests_share_connections
                closing_connection_is_not_reused
                idle_close_costs_at_most_one_retry
                a_hundred_requests_run_concurrently
                concurrent_requests_share_connections
                dropped_body_stops_the_transfer
                dropped_request_closes_its_connection
                clock_advances_during_sleep
            }
            failures {
                refused_connection_is_a_connect_error
                unknown_host_is_a_connect_error
                garbage_is_a_protocol_error
                truncated_head_is_interrupted
                reset_in_head_is_interrupted
                partial_url_is_an_invalid_request
                transport_works_after_failure
                errors_hide_secrets
                bad_settings_are_rejected
                long_head_arrives
            }
            proxies {
                plain_requests_go_to_the_proxy
                proxy_receives_its_credentials
                secure_requests_are_tunnelled
                failing_proxy_is_a_connect_error
                proxy_response_is_returned
                exceptions_bypass_the_proxy
                socks_proxy_connects_by_name
                proxies_come_from_the_environment
            }
            secure {
                configured_authority_is_trusted
                whole_bundle_is_trusted
                unknown_authority_is_rejected
                certificate_of_another_host_is_rejected
                plain_http_port_is_a_tls_error
                cut_handshake_is_a_connect_error
                body_without_close_notify_is_interrupted
                configured_self_signed_is_trusted
                self_signed_for_another_host_is_rejected
                expired_self_signed_is_rejected
                same_name_with_another_key_is_rejected
                rejected_certificate_is_explained
                ssl_cert_file_is_trusted
            }
            timeouts {
                tls_handshake_counts_as_connecting
                #[cfg(target_os = "linux")]
                unaccepted_connection_times_out
                missing_first_byte_times_out
                trickling_head_times_out
                first_byte_may_take_longer_than_a_stall
                stalled_body_times_out
                slow_body_does_not_time_out
                slow_compressed_body_does_not_time_out
            }
        }
    };
    (@cases $subject:ty; $($module:ident { $($(#[$condition:meta])* $case:ident)* })*) => {
        $(mod $module {
            use super::*;

            $(
                $(#[$condition])*
                #[test]
                fn $case() {
                    $crate::cases::$module::$case::<$subject>();
                }
            )*
        })*
    };
}
