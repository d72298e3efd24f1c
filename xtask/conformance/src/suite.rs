/// Makes a test of every case for a [`Subject`](crate::Subject).
///
/// It belongs at the root of a test file: the cases about the environment run the test `child` in a process of its
/// own.
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
                every_status_is_an_answer
                a_redirect_is_an_answer
                headers_arrive_whole
                a_request_arrives_exactly
                a_request_without_a_body_says_so
                the_user_agent_is_as_set
                nothing_is_carried_over
                head_has_no_body
                a_range_is_a_part
                an_answer_may_end_with_the_connection
            }
            bodies {
                gzip_arrives_plain
                an_unknown_encoding_is_left_alone
                cut_gzip_is_interrupted
                corrupt_gzip_breaks_the_protocol
                chunks_arrive_as_they_are_sent
                an_unread_body_is_left_with_its_sender
                a_large_body_arrives_whole
                a_body_over_the_limit_is_too_large
                a_cut_body_is_interrupted
                a_body_ends_at_its_length
                a_reset_in_a_body_is_interrupted
                a_chunk_without_a_length_breaks_the_protocol
            }
            connections {
                a_connection_serves_many_requests
                a_closing_connection_is_not_used_again
                a_connection_closed_while_idle_costs_a_retry_at_most
                a_hundred_requests_at_once
                a_dropped_body_ends_the_transfer
                a_dropped_request_is_given_up
                the_clock_goes_on
            }
            failures {
                a_refused_connection
                an_unknown_host
                garbage_breaks_the_protocol
                an_answer_cut_in_its_head_is_interrupted
                a_reset_in_the_head_is_interrupted
                a_partial_address_is_an_invalid_request
                a_failure_is_not_for_good
                errors_keep_secrets
                bad_settings_are_refused
                a_long_head_arrives
            }
            proxies {
                plain_requests_are_forwarded
                a_proxy_is_shown_its_credentials
                secure_requests_are_tunnelled
                a_proxy_that_fails_leaves_no_connection
                a_proxys_own_answer_is_an_answer
                an_exception_is_asked_directly
                a_socks_proxy_connects_by_name
                the_environment_is_followed
            }
            secure {
                a_named_authority_is_trusted
                a_bundle_is_trusted_whole
                an_unknown_authority_is_refused
                another_hosts_certificate_is_refused
                a_plain_port_is_refused
                a_cut_handshake_is_no_connection
                a_body_cut_below_tls_is_interrupted
                a_named_certificate_of_the_server_is_trusted
                a_named_certificate_is_trusted_for_its_hosts_alone
                a_named_certificate_is_trusted_in_its_time_alone
                another_certificate_of_the_same_name_is_refused
                a_refused_certificate_is_explained
                a_certificate_file_in_the_environment_is_trusted
            }
            timeouts {
                connecting_has_a_limit
                #[cfg(target_os = "linux")]
                an_unaccepted_connection_has_a_limit
                the_first_byte_has_a_limit
                a_trickling_head_has_a_limit
                the_first_byte_may_take_longer_than_a_pause
                a_pause_in_a_body_has_a_limit
                a_slow_body_has_no_limit
                a_slow_compressed_body_has_no_limit
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
