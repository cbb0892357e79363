import java.security.Security;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Says over TLS what it reads from its input, with versions and suites that Java has turned off, and believes any
 * certificate. Arguments: host, port, protocols, suites; both lists with commas.
 */
class JsseClient {
	public static void main(String[] args) throws Exception {
		Security.setProperty("jdk.tls.disabledAlgorithms", "");
		Security.setProperty("jdk.certpath.disabledAlgorithms", "");
		TrustManager any = new X509TrustManager() {
			public void checkClientTrusted(X509Certificate[] chain, String type) {}
			public void checkServerTrusted(X509Certificate[] chain, String type) {}
			public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
		};
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, new TrustManager[] {any}, null);
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(args[0], Integer.parseInt(args[1]))) {
			socket.setEnabledProtocols(args[2].split(","));
			socket.setEnabledCipherSuites(args[3].split(","));
			System.in.transferTo(socket.getOutputStream());
			socket.getInputStream().transferTo(System.out);
		}
	}
}
