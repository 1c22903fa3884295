<?php
/**
 * WordPress as far as deploy/wordpress/wireroom.php knows it. Reads a scene from standard input as JSON: `post` (the REST
 * shape, null: none can be read), `codes` (what each request is answered), `steps` (an action and its arguments). Prints
 * what was sent and what was put off.
 */

$scene   = json_decode( file_get_contents( 'php://stdin' ), true );
$actions = array();
$told    = array( 'sent' => array(), 'put_off' => array() );

define( 'ABSPATH', __DIR__ );
if ( $scene['configured'] ) {
	define( 'WIREROOM_HOOK', 'https://wireroom.example/v1/hooks/wordpress/teluk' );
	define( 'WIREROOM_SECRET', $scene['secret'] );
}

class WP_REST_Request {
	public function __construct( public string $method, public string $route ) {}
}

class WP_Error {
	public function get_error_message() {
		return 'Connection refused';
	}
}

class Response {
	public function __construct( public ?array $data ) {}
	public function is_error() {
		return null === $this->data;
	}
}

class Server {
	public function response_to_data( $response, $embed ) {
		if ( true !== $embed ) {
			unset( $response->data['_embedded'] );
		}
		return $response->data;
	}
}

function add_action( $name, $function, $priority, $arguments ) {
	$GLOBALS['actions'][ $name ] = array( $function, $arguments );
}

function get_post_status( $id ) {
	return $GLOBALS['scene']['status'];
}

function rest_do_request( $request ) {
	global $scene;
	return new Response( "/wp/v2/posts/{$scene['post']['id']}" === $request->route ? $scene['post'] : null );
}

function rest_get_server() {
	return new Server();
}

function wp_json_encode( $value ) {
	return json_encode( $value );
}

function wp_remote_post( $url, $arguments ) {
	$GLOBALS['told']['sent'][] = array( 'url' => $url ) + $arguments;
	return array_shift( $GLOBALS['scene']['codes'] ) ?? new WP_Error();
}

function wp_remote_retrieve_response_code( $answer ) {
	return is_int( $answer ) ? $answer : '';
}

function wp_remote_retrieve_body( $answer ) {
	return is_int( $answer ) ? "the reason of $answer" : '';
}

function is_wp_error( $answer ) {
	return $answer instanceof WP_Error;
}

function wp_schedule_single_event( $time, $action, $arguments ) {
	$GLOBALS['told']['put_off'][] = array( $time - time(), $action, $arguments );
}

require dirname( __DIR__, 2 ) . '/deploy/wordpress/wireroom.php';

foreach ( $scene['steps'] as list( $name, $arguments ) ) {
	if ( isset( $actions[ $name ] ) ) {
		list( $function, $count ) = $actions[ $name ];
		$arguments                = array_map( fn( $each ) => is_array( $each ) ? (object) $each : $each, $arguments );
		$function( ...array_slice( $arguments, 0, $count ) );
	}
}
echo json_encode( $told );
