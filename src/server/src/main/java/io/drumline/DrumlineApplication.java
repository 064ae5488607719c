package io.drumline;

import io.drumline.ops.DirectMemory;
import io.drumline.ops.OwnProcess;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.FullyQualifiedAnnotationBeanNameGenerator;

/**
 * A Drumline node: a client listener for browsers and apps, and a control plane for operators.
 *
 * <p>An application in another package becomes a node with
 * {@code @Import(DrumlineApplication.class)}. It may choose the names of its beans freely:
 * Drumline's begin with {@code drumline.}, or are the full names of its classes.
 */
@SpringBootApplication(nameGenerator = FullyQualifiedAnnotationBeanNameGenerator.class)
public class DrumlineApplication {
  public static void main(String[] args) {
    DirectMemory.limitNetty();
    SpringApplication node = new SpringApplication(DrumlineApplication.class);
    node.addInitializers(new OwnProcess());
    node.run(args);
  }
}
