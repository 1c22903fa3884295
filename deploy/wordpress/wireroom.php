<?php
/**
 * Plugin Name: Wireroom
 * Description: Pushes every change of a published post to Wireroom, signed; tries again until it is taken.
 * Requires at least: 5.6
 *
 * Copy this file to wp-content/mu-plugins/ and say in wp-config.php:
 *     define( 'WIREROOM_HOOK', 'https://wireroom.example/v1/hooks/wordpress/morning-post' );
 *     define( 'WIREROOM_SECRET', '…' );  // as in the section hooks: of wireroom.yaml
 */

defined( 'ABSPATH' ) || exit;
if ( ! defined( 'WIREROOM_HOOK' ) || ! defined( 'WIREROOM_SECRET' ) ) {
	error_log( 'Wireroom: WIREROOM_HOOK and WIREROOM_SECRET are not defined in wp-config.php; nothing is pushed' );
	return;
}

const WIREROOM_WAITS = array( 60, 300, 900, 3600, 21600, 86400 ); // Seconds before each further try.

/** Not save_post: terms and fields are saved only now, and the block editor fires that one twice. */
function wireroom_saved( $id, $post, $update, $before ) {
	if ( 'post' !== $post->post_type ) {
		return;
	}
	if ( 'publish' === $post->post_status ) {
		wireroom_send( 'published', $id );
	} elseif ( $before && 'publish' === $before->post_status ) {
		wireroom_send( 'withdrawn', $id, wireroom_withdrawal( $post, $before->post_date_gmt ) );
	}
}
add_action( 'wp_after_insert_post', 'wireroom_saved', 20, 4 );

function wireroom_deleted( $id, $post ) {
	if ( 'post' === $post->post_type && 'publish' === $post->post_status ) {
		wireroom_send( 'withdrawn', $id, wireroom_withdrawal( $post, $post->post_date_gmt ) );
	}
}
add_action( 'before_delete_post', 'wireroom_deleted', 10, 2 );

/** The REST shape of a post that is public no more, as far as anyone needs it; it happened now. */
function wireroom_withdrawal( $post, $published ) {
	$rest = array(
		'id'           => $post->ID,
		'date_gmt'     => str_replace( ' ', 'T', $published ),
		'modified_gmt' => gmdate( 'Y-m-d\TH:i:s' ),
		'status'       => $post->post_status,
	);
	return wp_json_encode( $rest );
}

/** The REST shape of a published post as anyone may read it. */
function wireroom_post( $id ) {
	$request  = new WP_REST_Request( 'GET', "/wp/v2/posts/$id" );
	$response = rest_do_request( $request );
	return $response->is_error() ? null : wp_json_encode( rest_get_server()->response_to_data( $response, true ) );
}

/** What is published is read anew at each try; what is withdrawn cannot be, so it is kept. */
function wireroom_send( $event, $id, $kept = null, $tries = 0 ) {
	if ( 'published' === $event && 'publish' !== get_post_status( $id ) ) {
		return; // It is not any more, and that has been sent.
	}
	$body = $kept ?? wireroom_post( $id );
	$sent = null === $body ? null : wp_remote_post(
		WIREROOM_HOOK . "/$event",
		array(
			'timeout' => 5,
			'headers' => array(
				'Content-Type'        => 'application/json',
				'X-Hub-Signature-256' => 'sha256=' . hash_hmac( 'sha256', $body, WIREROOM_SECRET ),
			),
			'body'    => $body,
		)
	);
	$code = null === $sent ? 0 : (int) wp_remote_retrieve_response_code( $sent );
	if ( $code >= 200 && $code < 300 ) {
		return;
	}
	$why = is_wp_error( $sent ) ? $sent->get_error_message() : wp_remote_retrieve_body( $sent ?? array() );
	error_log( "Wireroom: post $id was not taken as $event: $code $why" );
	// After 422 it lies there as a dead letter, and will be no better the next time.
	if ( 422 !== $code && isset( WIREROOM_WAITS[ $tries ] ) ) {
		wp_schedule_single_event( time() + WIREROOM_WAITS[ $tries ], 'wireroom_again', array( $event, $id, $kept, $tries + 1 ) );
	}
}
add_action( 'wireroom_again', 'wireroom_send', 10, 4 );
